//! What one subject (a key, a project, a provider, a model) has used of its limits.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{Level, Limits, Measure, window::Window};

/// The span that requests and tokens are counted over.
const MINUTE: Duration = Duration::from_secs(60);
/// How long a request usually runs, as far as anyone knows before it did.
const USUAL_RUN: Duration = Duration::from_secs(1);

/// Counts one subject's requests and tokens over the last minute, where they are limited, and the requests that run.
#[derive(Debug)]
pub struct Meter {
    /// Whether anything is limited. Where nothing is, nobody waits for the lock.
    is_limited: AtomicBool,
    in_flight: AtomicU32,
    state: Mutex<State>,
}

/// What needs the lock.
#[derive(Debug)]
pub(crate) struct State {
    limits: Limits,
    pub(crate) requests: Window,
    pub(crate) tokens: Window,
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

/// What one meter has too little of.
pub(crate) struct Lack {
    pub(crate) of: Measure,
    pub(crate) limit: u64,
    pub(crate) wait: Option<Duration>,
}

impl Meter {
    /// Makes a meter that has counted nothing.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            is_limited: AtomicBool::new(!limits.is_unlimited()),
            in_flight: AtomicU32::new(0),
            state: Mutex::new(State {
                limits,
                requests: Window::new(MINUTE),
                tokens: Window::new(MINUTE),
            }),
        }
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.state().limits
    }

    /// Changes the limits; what was counted stays counted, and what is no longer limited is forgotten.
    pub fn set_limits(&self, limits: Limits) {
        let mut state = self.state();
        if limits.requests_per_minute.is_none() {
            state.requests.clear();
        }
        if limits.tokens_per_minute.is_none() {
            state.tokens.clear();
        }
        state.limits = limits;
        self.is_limited.store(!limits.is_unlimited(), Ordering::Release);
    }

    /// Reads the meter.
    #[must_use]
    pub fn read(&self, now: Instant) -> Reading {
        let mut state = self.state();
        state.advance(now);
        let level = |window: &Window, limit: u64| Level {
            limit,
            remaining: limit.saturating_sub(window.total()),
            reset: window.until_empty(now),
        };
        let limits = state.limits;
        Reading {
            requests: limits.requests_per_minute.map(|limit| level(&state.requests, limit.into())),
            tokens: limits.tokens_per_minute.map(|limit| level(&state.tokens, limit)),
            in_flight: self.in_flight(),
            concurrency: limits.concurrency,
        }
    }

    pub(crate) fn is_limited(&self) -> bool {
        self.is_limited.load(Ordering::Acquire)
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire)
    }

    pub(crate) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn end(&self) {
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        self.requests.advance(now);
        self.tokens.advance(now);
    }

    /// What there is too little of for one more request of `tokens`: what must be waited for longest.
    pub(crate) fn lack(&self, tokens: u64, in_flight: u32, now: Instant) -> Option<Lack> {
        let Limits { requests_per_minute, tokens_per_minute, concurrency } = self.limits;
        let requests = requests_per_minute.map(u64::from).and_then(|limit| {
            let wait = self.requests.room(1, limit, now).err()?;
            Some(Lack { of: Measure::Requests, limit, wait })
        });
        let tokens = tokens_per_minute.and_then(|limit| {
            let wait = self.tokens.room(tokens, limit, now).err()?;
            Some(Lack { of: Measure::Tokens, limit, wait })
        });
        let concurrency = concurrency.filter(|limit| in_flight >= *limit).map(|limit| {
            let wait = (limit > 0).then_some(USUAL_RUN);
            Lack { of: Measure::Concurrency, limit: limit.into(), wait }
        });
        [requests, tokens, concurrency].into_iter().flatten().max_by_key(Lack::severity)
    }
}

impl Lack {
    /// Orders by the wait; that which never ends is the longest.
    pub(crate) fn severity(&self) -> Duration {
        self.wait.unwrap_or(Duration::MAX)
    }
}
