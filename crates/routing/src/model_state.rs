//! What is remembered of one provider's one model.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{Breaker, BreakerState, PeakEwma, Ready};

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
/// [`Outcome::Abandoned`].
#[derive(Debug)]
#[must_use]
pub struct Trial(());

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

impl ModelState {
    /// Whether it may be asked now.
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
        inner.latency.read(now).saturating_mul(inner.in_flight.saturating_add(1))
    }

    /// Notes that a request is sent.
    pub fn begin(&self, _now: Instant) -> Trial {
        self.inner().in_flight += 1;
        Trial(())
    }

    /// Notes how long the first byte took.
    pub fn first_byte(&self, took: Duration, now: Instant) {
        self.inner().latency.observe(took, now);
    }

    /// Notes what came of a request. May be followed by nothing else of that trial.
    pub fn end(&self, _trial: Trial, _outcome: Outcome, _now: Instant) {
        let mut inner = self.inner();
        inner.in_flight = inner.in_flight.saturating_sub(1);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
