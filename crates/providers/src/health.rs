//! A provider's health: a real probe that costs no tokens.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use canonical::{ErrorKind, Fault};
use futures_util::future::{join, join_all};
use routing::KeyState;
use serde::de::IgnoredAny;
use tokio::time::Instant;

use crate::{Provider, asked::Asked};

/// How long a probe may take, unless the provider's own timeout is less.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// What a probe asks for is no model's.
const ANY_MODEL: &str = "";
/// How old a report may be and still be told again.
const REUSED_FOR: Duration = Duration::from_secs(5);

/// The last report, and the probe that is under way.
pub(crate) type HealthCheck = Asked<Health>;

/// What a probe found.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// The finding.
    pub state: HealthState,
    /// When the probe began.
    pub checked_at: SystemTime,
    /// How long it took.
    pub latency: Duration,
    /// What went wrong, unless the provider is up.
    pub fault: Option<Fault>,
}

/// The findings that people act on differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// It answers and accepts the key.
    Up,
    /// It answers that we ask too much: alive.
    RateLimited,
    /// It answers, but refuses the key, or the key that it needs is missing.
    KeyRefused,
    /// It answers with a failure, or not in its own dialect.
    Failing,
    /// It can't be reached, or not in time.
    Unreachable,
}

impl HealthState {
    /// The name used in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::RateLimited => "rate_limited",
            Self::KeyRefused => "key_refused",
            Self::Failing => "failing",
            Self::Unreachable => "unreachable",
        }
    }

    /// Whether a chat has a chance.
    #[must_use]
    pub const fn is_healthy(self) -> bool {
        match self {
            Self::Up | Self::RateLimited => true,
            Self::KeyRefused | Self::Failing | Self::Unreachable => false,
        }
    }
}

impl Provider {
    /// Probes the provider, or tells a report that is younger than five seconds again.
    ///
    /// However many callers ask, one probe is under way, and it ends within its limit. A key that is parked is probed
    /// as well, and freed when it is accepted; no probe ever parks one.
    pub async fn health(self: &Arc<Self>) -> Health {
        let provider = Arc::clone(self);
        let probe = |_| async move { provider.examine().await };
        self.health.get(|age, _| age < REUSED_FOR, probe).await
    }

    /// Runs one probe and sums it up.
    async fn examine(&self) -> Health {
        let (checked_at, began) = (SystemTime::now(), Instant::now());
        let states = self.key_ring().states(std::time::Instant::now());
        let in_park = |key: &usize| states.get(*key).is_some_and(is_parked);
        let (parked, free): (Vec<_>, Vec<_>) = (0..states.len()).partition(in_park);
        let parked = parked.into_iter().map(|key| self.try_to_free(key));
        let (free, parked) = join(self.in_time(self.probe_in_turn(&free)), join_all(parked)).await;
        // With one good key a chat has a chance; where none is, the first finding is told.
        let found: Vec<_> = free.transpose().into_iter().chain(parked).collect();
        let is_up = found.iter().any(Result::is_ok);
        let fault = found.into_iter().find_map(Result::err).filter(|_| !is_up);
        let state = fault.as_ref().map_or(HealthState::Up, state_of);
        Health { state, checked_at, latency: began.elapsed(), fault }
    }

    /// Notes that a key was just accepted where nobody's request was at stake, which frees it.
    ///
    /// `begun` is when it was presented: what was said against it since then is the newer word.
    pub fn key_is_good(&self, key: usize, model: &str, begun: std::time::Instant) {
        let mut keys = self.key_ring();
        keys.accepted(key, model, begun);
        keys.is_good(key, begun);
    }

    /// The first key that is not parked for all models, or else the first of all.
    pub(crate) fn usual_key(&self) -> usize {
        let states = self.key_ring().states(std::time::Instant::now());
        states.iter().position(|key| !is_parked(key)).unwrap_or_default()
    }

    /// Ends a probe at its limit.
    async fn in_time<T>(&self, probe: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let limit = PROBE_LIMIT.min(self.config().timeout());
        tokio::time::timeout(limit, probe).await.unwrap_or_else(|_| {
            let sentence = format!("no answer within {} s", limit.as_secs_f64());
            Err(Fault::new(ErrorKind::Timeout, sentence))
        })
    }

    /// Probes with one key after another, until one is not refused; `None` without any.
    async fn probe_in_turn(&self, keys: &[usize]) -> Result<Option<()>, Fault> {
        let mut refused = None;
        for key in keys {
            match self.probe(*key).await {
                Ok(()) => return Ok(Some(())),
                Err(fault) if fault.kind == ErrorKind::KeyRefused => {
                    refused = refused.or(Some(fault))
                }
                Err(fault) => return Err(fault),
            }
        }
        refused.map_or(Ok(None), Err)
    }

    /// Probes with a key that is parked, and frees it when it is accepted.
    async fn try_to_free(&self, key: usize) -> Result<(), Fault> {
        let begun = std::time::Instant::now();
        let outcome = self.in_time(self.probe(key)).await;
        if outcome.is_ok() {
            self.key_is_good(key, ANY_MODEL, begun);
        }
        outcome
    }

    /// Asks for the cheapest answer that proves the provider alive and the key accepted.
    async fn probe(&self, key: usize) -> Result<(), Fault> {
        let foreign = |what: &str, why: String| {
            let sentence = format!("it answers, but not with {what}: {why}");
            Fault::new(ErrorKind::Malformed, sentence)
        };
        if let Some(key_check) = self.config().settings.preset.and_then(|preset| preset.key_check) {
            let body = self.read_by(key, key_check).await?;
            let json = serde_json::from_slice::<IgnoredAny>(&body);
            return json.map(drop).map_err(|error| foreign("JSON", error.to_string()));
        }
        match self.read_by(key, self.codec().probe_target()).await {
            Ok(body) => {
                let models = self.codec().decode_models(&body);
                models
                    .map(drop)
                    .map_err(|malformed| foreign("a list of models", malformed.to_string()))
            }
            // Where no list is offered, its absence is as much as there is to be told for free.
            Err(fault) if fault.upstream_status == Some(404) && !self.config().lists_models() => {
                Ok(())
            }
            Err(fault) => Err(fault),
        }
    }
}

/// Whether a key is parked for all models.
fn is_parked(key: &KeyState) -> bool {
    key.parked.as_ref().is_some_and(|parked| parked.model.is_none())
}

/// What a failed probe says about the provider.
fn state_of(fault: &Fault) -> HealthState {
    let answered = fault.upstream_status.is_some();
    match fault.kind {
        ErrorKind::RateLimited => HealthState::RateLimited,
        ErrorKind::KeyRefused => HealthState::KeyRefused,
        // The one fault of a probe that was not sent: the key is missing.
        ErrorKind::InvalidRequest if !answered => HealthState::KeyRefused,
        ErrorKind::Unreachable | ErrorKind::Timeout if !answered => HealthState::Unreachable,
        ErrorKind::InvalidRequest
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::TooLarge
        | ErrorKind::Unprocessable
        | ErrorKind::QuotaExhausted
        | ErrorKind::Overloaded
        | ErrorKind::UpstreamFailed
        | ErrorKind::Unreachable
        | ErrorKind::Timeout
        | ErrorKind::Truncated
        | ErrorKind::Malformed
        | ErrorKind::Internal => HealthState::Failing,
    }
}
