//! Explain: what would happen to a request and why, without sending it.

use std::time::Instant;

use canonical::Fault;
use keys::Caller;
use routing::{BreakerState, Ready, Standing, Strategy, order};

use crate::{
    Allowance, Candidates, Demand, Gateway, PassedOver,
    allowance::kept_out,
    candidates::Candidate,
    gateway::roll,
    resolve::{resolve, resolve_name},
    standings::standings,
};

/// What would happen to a request now.
#[derive(Debug)]
pub struct Explanation {
    /// Which snapshot of providers and routes it would see.
    pub generation: u64,
    /// The route that the name is, if it is one.
    pub route: Option<String>,
    /// How candidates are ordered.
    pub strategy: Strategy,
    /// What the request demands.
    pub demand: Demand,
    /// Who may answer, in the order of the tries now; those that may not be asked now stand last.
    pub ranks: Vec<Rank>,
    /// Who may not answer, and why.
    pub passed_over: Vec<PassedOver>,
    /// What is left of the caller's own limits.
    pub allowance: Allowance,
    /// Why these don't let it in now, where they don't.
    pub kept_out: Option<Fault>,
}

/// How one candidate stands.
#[derive(Debug)]
pub struct Rank {
    /// The provider.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// Its place in the order of tries, counted from 1; none where it may not be asked now.
    pub place: Option<usize>,
    /// Why it stands there, as a clause.
    pub reason: String,
    /// What its breaker lets through.
    pub breaker: BreakerState,
    /// Requests that run there.
    pub in_flight: u32,
    /// Whether a request would wait for its turn.
    pub is_full: bool,
    /// Whether it is local.
    pub is_local: bool,
    /// Its share among weighted candidates.
    pub weight: u32,
    /// What its first byte is expected to take, in milliseconds.
    pub expected_ms: f64,
    /// What the request is estimated to cost, in billionths of a US dollar.
    pub cost_nano_usd: Option<u64>,
}

impl Gateway {
    /// Says what would happen to a caller's request now, and why.
    ///
    /// # Errors
    ///
    /// Fails as the request would whose model means nothing.
    pub async fn explain(
        &self,
        caller: &Caller,
        provider: Option<&str>,
        model: &str,
        demand: Demand,
    ) -> Result<Explanation, Fault> {
        let snapshot = self.snapshot();
        let mut candidates = match provider {
            Some(_) => resolve(&snapshot, caller, provider, model)?,
            None if model.is_empty() => resolve(&snapshot, caller, None, "")?,
            None => resolve_name(&snapshot, caller, model).await?,
        };
        candidates.fit(&snapshot, caller, &demand);
        let now = Instant::now();
        Ok(Explanation {
            generation: snapshot.generation(),
            route: candidates.route.as_ref().map(|route| route.name.clone()),
            strategy: candidates.strategy(),
            ranks: ranks(&candidates, &demand, now),
            allowance: Allowance::of(caller, now),
            kept_out: kept_out(caller, &demand, now),
            passed_over: candidates.passed_over,
            demand,
        })
    }
}

fn ranks(candidates: &Candidates, demand: &Demand, now: Instant) -> Vec<Rank> {
    let standings = standings(&candidates.able, demand, now);
    let short: Vec<_> = candidates
        .able
        .iter()
        .map(|Candidate { target, .. }| {
            target.provider.shortage(&target.model, demand.tokens(), now)
        })
        .collect();
    let mut order = order(candidates.strategy(), &standings, &mut roll);
    // Whoever has no room is passed over on the way.
    order.retain(|index| {
        short.get(*index).is_some_and(Option::is_none) && standings.get(*index).is_some_and(has_key)
    });
    let mut ranks: Vec<_> = candidates
        .able
        .iter()
        .zip(&standings)
        .zip(short)
        .zip(0..)
        .map(|(((candidate, standing), short), index)| {
            let target = &candidate.target;
            let state = target.provider.model_state(&target.model);
            let place = order.iter().position(|ordered| *ordered == index);
            let short = short.map(|fault| fault.public);
            Rank {
                provider: target.provider.config().name.to_string(),
                model: target.model.clone(),
                place: place.map(|place| place + 1),
                reason: short.unwrap_or_else(|| reason(standing, now)),
                breaker: state.breaker(now),
                in_flight: standing.in_flight,
                is_full: standing.is_full,
                is_local: standing.is_local,
                weight: standing.weight,
                expected_ms: standing.expected.as_secs_f64() * 1000.0,
                cost_nano_usd: standing.cost_nano_usd,
            }
        })
        .collect();
    ranks.sort_by_key(|rank| rank.place.unwrap_or(usize::MAX));
    ranks
}

/// Whether any of the provider's keys may be used.
fn has_key(standing: &Standing) -> bool {
    standing.keys.iter().any(|(_, ready)| ready.is_possible())
}

/// Why a candidate stands where it does.
fn reason(standing: &Standing, now: Instant) -> String {
    if !has_key(standing) {
        return "every key of the provider is parked".to_owned();
    }
    match standing.ready {
        Ready::Now { share } if share < 1.0 => {
            format!("recovering: it gets {:.0} % of its usual traffic", share * 100.0)
        }
        Ready::Now { .. } if standing.is_full => {
            "busy: a request would wait for its turn".to_owned()
        }
        Ready::Now { .. } => "ready".to_owned(),
        Ready::LastResort if standing.is_full => "busy, and others are free".to_owned(),
        Ready::LastResort => "failing: only asked where nobody else can be".to_owned(),
        Ready::Not { until } => {
            let wait = until.saturating_duration_since(now).as_secs_f64();
            format!("failing: asked again in {wait:.1} s")
        }
    }
}
