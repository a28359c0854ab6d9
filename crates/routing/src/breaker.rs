//! The breaker of one provider's model: opens when it keeps failing, tries one request at a time, then lets more and
//! more through.

use std::time::Instant;

use crate::Ready;

/// A breaker. Failures open it; while it is open nobody asks, but for one trial at a time.
#[derive(Debug, Default)]
pub struct Breaker;

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything.
    Closed,
    /// Nothing.
    Open,
    /// One trial.
    HalfOpen,
}

impl BreakerState {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl Breaker {
    /// What it lets through now.
    #[must_use]
    pub fn state(&self, _now: Instant) -> BreakerState {
        BreakerState::Closed
    }

    /// Whether a request may be sent now.
    #[must_use]
    pub fn ready(&self, _now: Instant) -> Ready {
        Ready::Now { share: 1.0 }
    }
}
