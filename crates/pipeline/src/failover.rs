//! The way over a request's candidates: one try after the other until one answers, within the retry budget and the
//! caller's own deadline.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use canonical::{ErrorKind, Fault, Origin, TraceContext};
use limits::Admission;
use providers::{NoTurn, Provider, Snapshot};
use records::Operation;
use routing::{Blame, Choice, Ready, Run, Slot, Standing, Verdict};
use tokio::time::{sleep, timeout_at};

use crate::{
    About, Candidates, Context, Demand, Gateway, Refusal,
    account::{Account, Seat},
    candidates::Candidate,
    errand::Errand,
    gateway::roll,
    resolve::Patience,
    standings::standings,
};

/// What is known of a request when its way begins.
pub(crate) struct Way<'a> {
    pub(crate) gateway: &'a Gateway,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) context: &'a Context,
    pub(crate) candidates: &'a Candidates,
    pub(crate) demand: &'a Demand,
}

impl Way<'_> {
    /// Asks one candidate after the other until one begins to answer.
    ///
    /// # Errors
    ///
    /// Fails with what the last provider that was asked said; with our own reason where none was.
    pub(crate) async fn go<E: Errand>(
        &self,
        errand: &E,
        account: &mut Account,
    ) -> Result<(About, E::Answer), Refusal> {
        let deadline = account.deadline;
        let mut run = Run::new(self.candidates.strategy(), deadline);
        let mut attempts = 0_u32;
        let mut failed: Option<Refusal> = None;
        let mut unasked: Option<Refusal> = None;
        loop {
            let standings = self.standings();
            let chosen = run.next(&standings, &mut roll);
            let candidate =
                |choice: Choice| Some((choice, self.candidates.able.get(choice.candidate)?));
            let Some((choice, candidate)) = chosen.and_then(candidate) else {
                let told = failed.or(unasked);
                return Err(told.unwrap_or_else(|| self.nobody(&standings, account.opened)));
            };
            let mut target = candidate.target.clone();
            (target.key, target.deadline) = (choice.key, Some(deadline));
            target.trace = self.span(attempts);
            target.trace_state.clone_from(&self.context.trace_state);
            if self.candidates.able.len() > 1 {
                target.patience = Patience::WhileAlive;
            }
            let mut about = self.about(candidate, account.opened);
            let prepared = match errand.prepare(&target, &mut about.losses) {
                Ok(prepared) => prepared,
                Err(fault) => {
                    run.pass_over(choice.candidate);
                    unasked.get_or_insert(Refusal { about: Some(about), ..fault.into() });
                    continue;
                }
            };
            if !errand.asks(&prepared) {
                let answer = errand.send(&target, prepared, &mut about).await;
                return answer.map(|answer| (*about, answer)).map_err(Refusal::from);
            }
            let seat = match self.take_seat(errand.operation(), candidate, choice, account).await {
                Ok(Some(seat)) => seat,
                // Another request was faster to the one place that there was.
                Ok(None) => {
                    run.missed(choice);
                    continue;
                }
                // The caller waits no longer, be there others to ask or not.
                Err(fault) if Instant::now() >= deadline => {
                    return Err(Refusal { about: Some(about), ..fault.into() });
                }
                Err(fault) => {
                    run.pass_over(choice.candidate);
                    unasked.get_or_insert(Refusal { about: Some(about), ..fault.into() });
                    continue;
                }
            };
            attempts += 1;
            about.begin_attempt(attempts);
            let reason = self.reason(choice, &standings, attempts);
            account.begin_try(&target, reason, seat);
            let outcome = errand.send(&target, prepared, &mut about).await;
            about.end_attempt();
            let mut refused = match outcome {
                Ok(answer) => return Ok((*about, answer)),
                Err(refused) => refused,
            };
            let blame = account.fail_try(&mut refused.fault);
            let refusal = Refusal { about: Some(about), ..refused.into() };
            let verdict = run.failed(
                choice,
                blame,
                &self.standings(),
                &mut self.gateway.retries(),
                Instant::now(),
                &mut roll,
            );
            match verdict {
                Verdict::After(wait) => sleep(wait).await,
                Verdict::GiveUp(_) => return Err(refusal),
            }
            failed = Some(refusal);
        }
    }

    /// The span that the provider is told, for the attempt after so many.
    fn span(&self, attempts: u32) -> Option<TraceContext> {
        let Context { id, trace, .. } = self.context;
        self.gateway.tracing.outgoing(id, *trace, attempts as usize)
    }

    fn standings(&self) -> Vec<Standing> {
        standings(&self.candidates.able, self.demand, Instant::now())
    }

    fn about(&self, candidate: &Candidate, opened: Instant) -> Box<About> {
        let generation = self.snapshot.generation();
        Box::new(About::of(&candidate.target, self.candidates, generation, opened))
    }

    /// Takes a place at a candidate: in its line, under its limits, behind its breaker and with its key; `None` where
    /// another request was faster to the last one.
    async fn take_seat(
        &self,
        operation: Operation,
        candidate: &Candidate,
        choice: Choice,
        account: &mut Account,
    ) -> Result<Option<Seat>, Fault> {
        let (provider, model) = (&candidate.target.provider, &candidate.target.model);
        let waiting = Instant::now();
        let turn = provider.turn(self.context.caller.id.as_str());
        let turn = timeout_at(account.deadline.into(), turn).await;
        account.queued(waiting.elapsed());
        let turn = turn.map_err(|_| account.out_of_time())?;
        let turn = turn.map_err(|none| too_long_a_line(provider, none))?;
        let now = Instant::now();
        // To count tokens starts no chat.
        let admission = match operation {
            Operation::Chat | Operation::Embeddings => {
                Some(provider.admit(model, self.demand.tokens(), now)?)
            }
            Operation::Count => None,
        };
        let state = provider.model_state(model);
        let trial = state.begin(now, &mut roll);
        let trial =
            trial.filter(|_| provider.key_ring().begin(choice.key, model, now) == Slot::Got);
        let Some(trial) = trial else {
            // It is not asked, so nothing of its limits is used.
            admission.into_iter().for_each(Admission::retract);
            return Ok(None);
        };
        Ok(Some(Seat {
            provider: Arc::clone(provider),
            model: model.clone(),
            key: choice.key,
            state,
            trial,
            admission,
            _turn: turn,
            began: now,
        }))
    }

    /// Why nobody was asked although there are candidates: what a provider said when its keys were parked, else that
    /// it keeps failing.
    fn nobody(&self, standings: &[Standing], opened: Instant) -> Refusal {
        let now = Instant::now();
        let mut until: Option<Duration> = None;
        let Some(first) = self.candidates.able.first() else {
            return self.candidates.nobody().into();
        };
        for (candidate, standing) in self.candidates.able.iter().zip(standings) {
            let Candidate { target, .. } = candidate;
            let parked = target.provider.key_ring().refusal(&target.model, now);
            if let Some((fault, wait)) = parked {
                // To come back does not help with a key that is refused.
                let fault = match routing::blame(&fault) {
                    Blame::Key => fault,
                    Blame::Rate(_)
                    | Blame::Caller
                    | Blame::Candidate
                    | Blame::Provider
                    | Blame::Deadline
                    | Blame::Ours => fault.with_retry_after(Some(wait)),
                };
                return Refusal { about: Some(self.about(candidate, opened)), ..fault.into() };
            }
            if let Ready::Not { until: then } = standing.ready {
                let wait = then.saturating_duration_since(now);
                until = Some(until.map_or(wait, |sooner| sooner.min(wait)));
            }
        }
        let wait = until.unwrap_or(Duration::from_secs(1));
        let sentence = format!(
            "the provider keeps failing and is left alone for a while: come back in {} s",
            wait.as_secs_f64().ceil().max(1.0)
        );
        let fault = Fault::new(ErrorKind::Overloaded, sentence).with_retry_after(Some(wait));
        Refusal { about: Some(self.about(first, opened)), ..fault.into() }
    }

    /// Why a candidate was chosen, in a few words.
    fn reason(&self, choice: Choice, standings: &[Standing], attempts: u32) -> String {
        let strategy = self.candidates.strategy().as_str();
        let several = self.candidates.able.len() > 1;
        let standing = standings.get(choice.candidate);
        let how = match standing.map(|standing| standing.ready) {
            Some(Ready::LastResort) => "last resort",
            Some(Ready::Now { share }) if share < 1.0 => "slow start",
            Some(Ready::Now { .. } | Ready::Not { .. }) | None => "ready",
        };
        match (several, attempts) {
            (false, 1) => "the model that was named".to_owned(),
            (false, _) => format!("another key of the provider, {how}"),
            (true, 1) => format!("first by {strategy}, {how}"),
            (true, _) => format!("next by {strategy}, {how}"),
        }
    }
}

/// The fault of a line that is too long to wait in.
fn too_long_a_line(provider: &Provider, NoTurn { retry_after }: NoTurn) -> Fault {
    let sentence = format!(
        "provider {} is busy and too many wait for it: come back in {} s",
        provider.config().name,
        retry_after.as_secs_f64().ceil().max(1.0)
    );
    let fault = Fault::new(ErrorKind::Overloaded, sentence);
    Fault { origin: Origin::Internal, ..fault }.with_retry_after(Some(retry_after))
}
