//! What is remembered of one provider's one model.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{Blame, Breaker, BreakerState, Dice, PeakEwma, Ready, breaker::Pass};

/// What a model is expected to take that has begun no answer yet, while some are awaited: not to be flooded.
const UNKNOWN: Duration = Duration::from_secs(10);

/// What is remembered of one provider's one model, over all requests.
#[derive(Debug, Default)]
pub struct ModelState {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    breaker: Breaker,
    latency: PeakEwma,
    in_flight: u32,
}

/// A request that was sent and whose outcome is awaited. It must be ended; what drops it without says
/// [`Outcome::Abandoned`], and leaves its place to another.
#[derive(Debug)]
#[must_use]
pub struct Trial {
    state: Arc<ModelState>,
    begun: Instant,
    /// Until it is ended.
    pass: Option<Pass>,
}

/// What came of a request, as far as the model is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answered, be it that the caller's request was wrong: it is up.
    Answered,
    /// It failed, could not be reached, or took too long.
    Failed,
    /// Nobody waited for what it would have said, or it never saw the request.
    Abandoned,
}

impl Outcome {
    /// What a failed request says about the model: nothing, where a key was refused before the model saw it.
    #[must_use]
    pub const fn of(blame: Blame) -> Self {
        match blame {
            Blame::Caller => Self::Answered,
            Blame::Provider => Self::Failed,
            Blame::Key | Blame::Rate(_) | Blame::Candidate | Blame::Deadline | Blame::Ours => {
                Self::Abandoned
            }
        }
    }
}

impl ModelState {
    /// Whether it may be asked now. Asking this takes nothing; [`Self::begin`] does.
    #[must_use]
    pub fn ready(&self, now: Instant) -> Ready {
        self.inner().breaker.ready(now)
    }

    /// What its breaker lets through now.
    #[must_use]
    pub fn breaker(&self, now: Instant) -> BreakerState {
        self.inner().breaker.state(now)
    }

    /// Requests that run there.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.inner().in_flight
    }

    /// What a request is expected to take until its first byte, those before it considered.
    #[must_use]
    pub fn expected(&self, now: Instant) -> Duration {
        let inner = self.inner();
        match inner.in_flight {
            0 => inner.latency.read(now),
            before if inner.latency.is_known() => {
                inner.latency.read(now).saturating_mul(before.saturating_add(1))
            }
            before => UNKNOWN.saturating_mul(before),
        }
    }

    /// Notes that a request is sent. `None` where none may be: another took the one place that there was since this
    /// one looked, so it must choose again.
    pub fn begin(self: &Arc<Self>, now: Instant, dice: Dice<'_>) -> Option<Trial> {
        let mut inner = self.inner();
        let pass = inner.breaker.begin(now, dice)?;
        inner.in_flight += 1;
        drop(inner);
        Some(Trial { state: Arc::clone(self), begun: now, pass: Some(pass) })
    }

    /// Notes how long the first byte took, with which a trial has gone well.
    pub fn first_byte(&self, trial: &mut Trial, took: Duration, now: Instant) {
        let mut inner = self.inner();
        inner.latency.observe(took, now);
        if let Some(pass) = &mut trial.pass {
            inner.breaker.answer_began(pass, now);
        }
    }

    /// Notes what came of a request. May be followed by nothing else of that trial.
    pub fn end(&self, mut trial: Trial, outcome: Outcome, now: Instant) {
        debug_assert!(
            std::ptr::eq(self, &raw const *trial.state),
            "a trial is ended where it began"
        );
        let Some(pass) = trial.pass.take() else { return };
        let mut inner = self.inner();
        inner.in_flight = inner.in_flight.saturating_sub(1);
        if outcome == Outcome::Failed {
            // who waited in vain has measured something; failing at once must not look like answering at once
            let took = now.saturating_duration_since(trial.begun);
            let is_known = inner.latency.is_known();
            if took > if is_known { inner.latency.read(now) } else { UNKNOWN } {
                inner.latency.observe(took, now);
            }
        }
        inner.breaker.end(pass, outcome, now);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let Some(pass) = self.pass.take() else { return };
        let mut inner = self.state.inner();
        inner.in_flight = inner.in_flight.saturating_sub(1);
        inner.breaker.abandon(&pass);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, Instant},
    };

    use super::{ModelState, Outcome, Trial};
    use crate::{Blame, BreakerState, Ready};

    const MS: Duration = Duration::from_millis(1);

    fn begin(state: &Arc<ModelState>, now: Instant) -> Option<Trial> {
        state.begin(now, &mut || 0)
    }

    fn opened(now: Instant) -> Arc<ModelState> {
        let state = Arc::new(ModelState::default());
        for _ in 0..5 {
            let trial = begin(&state, now).unwrap();
            state.end(trial, Outcome::Failed, now);
        }
        state
    }

    #[test]
    fn only_the_provider_is_blamed() {
        let check = |blame, expected| assert_eq!(Outcome::of(blame), expected);
        check(Blame::Caller, Outcome::Answered);
        check(Blame::Key, Outcome::Abandoned);
        check(Blame::Rate(None), Outcome::Abandoned);
        check(Blame::Candidate, Outcome::Abandoned);
        check(Blame::Provider, Outcome::Failed);
        check(Blame::Deadline, Outcome::Abandoned);
        check(Blame::Ours, Outcome::Abandoned);
    }

    #[test]
    fn in_flight_counts_what_was_neither_ended_nor_dropped() {
        let now = Instant::now();
        let state = Arc::new(ModelState::default());
        let ended = begin(&state, now).unwrap();
        let dropped = begin(&state, now);
        assert_eq!(state.in_flight(), 2);
        state.end(ended, Outcome::Answered, now);
        assert_eq!(state.in_flight(), 1);
        drop(dropped);
        assert_eq!(state.in_flight(), 0);
    }

    #[test]
    fn a_dropped_trial_leaves_its_place_to_another() {
        let start = Instant::now();
        let state = opened(start);
        let now = start + 5000 * MS;
        let trial = begin(&state, now);
        assert_eq!(state.ready(now + 1000 * MS), Ready::LastResort);
        drop(trial);
        assert_eq!(state.ready(now + 1000 * MS), Ready::Now { share: 1.0 });
        assert_eq!(state.breaker(now), BreakerState::HalfOpen);
    }

    #[test]
    fn of_many_that_race_for_the_last_resort_one_gets_it() {
        let now = Instant::now();
        let state = opened(now);
        let count = std::thread::scope(|threads| {
            let race = || begin(&state, now + 1000 * MS).is_some();
            let racers = (0..16).map(|_| threads.spawn(race)).collect::<Vec<_>>();
            racers.into_iter().map(|racer| racer.join().unwrap()).filter(|got| *got).count()
        });
        assert_eq!(count, 1);
    }

    #[test]
    fn the_first_byte_closes_the_breaker() {
        let start = Instant::now();
        let state = opened(start);
        let now = start + 5000 * MS;
        let mut trial = begin(&state, now).unwrap();
        state.first_byte(&mut trial, 300 * MS, now);
        assert_eq!(state.breaker(now), BreakerState::Closed);
        state.end(trial, Outcome::Answered, now);
    }

    #[test]
    fn expected_grows_with_what_runs_and_with_failures() {
        let now = Instant::now();
        let state = Arc::new(ModelState::default());
        let expect = |ms: u32| assert_eq!(state.expected(now), ms * MS);
        expect(0);
        let mut first = begin(&state, now).unwrap();
        expect(10_000);
        let second = begin(&state, now).unwrap();
        expect(20_000);
        state.first_byte(&mut first, 200 * MS, now);
        expect(600);
        state.end(first, Outcome::Answered, now);
        expect(400);
        state.end(second, Outcome::Failed, now);
        expect(200);

        let late = begin(&state, now).unwrap();
        state.end(late, Outcome::Failed, now + 3000 * MS);
        assert_eq!(state.expected(now + 3000 * MS), 3000 * MS);
    }

    #[test]
    fn failing_at_once_does_not_look_fast() {
        let now = Instant::now();
        let state = Arc::new(ModelState::default());
        let fail = |took| {
            let trial = begin(&state, now).unwrap();
            state.end(trial, Outcome::Failed, now + took);
            let _other = begin(&state, now).unwrap();
            state.expected(now + took)
        };
        assert_eq!(fail(MS), 10_000 * MS, "still unknown");
        assert_eq!(fail(20_000 * MS), 40_000 * MS);
    }
}
