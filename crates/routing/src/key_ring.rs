//! One provider's keys: which may be used for a model, and which are parked until when.

use std::time::{Duration, Instant};

use canonical::Fault;

use crate::{Blame, Ready};

/// The keys of one provider, by number. A provider without keys has one that is never refused.
#[derive(Debug)]
pub struct KeyRing {
    keys: usize,
}

/// A key as people see it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyState {
    /// Why it is parked, if it is, and until when.
    pub parked: Option<ParkedBy>,
}

/// Why a key is parked.
#[derive(Clone, Debug, PartialEq)]
pub struct ParkedBy {
    /// Until when.
    pub until: Instant,
    /// For which model; all of them where none is named.
    pub model: Option<String>,
    /// What the provider said.
    pub fault: Fault,
}

impl KeyRing {
    /// Makes a ring of so many keys, none of which is parked; none at all counts as one.
    #[must_use]
    pub fn new(keys: usize) -> Self {
        Self { keys: keys.max(1) }
    }

    /// The keys that may be used for `model` now, in order, with how ready each is.
    #[must_use]
    pub fn usable(&self, _model: &str, _now: Instant) -> Vec<(usize, Ready)> {
        (0..self.keys).map(|key| (key, Ready::Now { share: 1.0 })).collect()
    }

    /// Notes that a key is used for a try.
    pub fn begin(&mut self, _key: usize, _model: &str, _now: Instant) {}

    /// Notes what a try with a key was refused for. Anything but [`Blame::Key`] and [`Blame::Rate`] changes nothing.
    pub fn failed(
        &mut self,
        _key: usize,
        _model: &str,
        _blame: Blame,
        _fault: &Fault,
        _now: Instant,
    ) {
    }

    /// Notes that a key was accepted, which frees it and forgets how often it was refused.
    pub fn accepted(&mut self, _key: usize, _model: &str) {}

    /// What was said when the keys that could serve `model` were parked last, and how long to wait: the answer for
    /// whoever can't be served meanwhile. `None` while any is usable.
    #[must_use]
    pub fn refusal(&self, _model: &str, _now: Instant) -> Option<(Fault, Duration)> {
        None
    }

    /// Every key's state, in order.
    #[must_use]
    pub fn states(&self, _now: Instant) -> Vec<KeyState> {
        vec![KeyState { parked: None }; self.keys]
    }
}
