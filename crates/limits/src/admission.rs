//! Admission: all meters of a request let it in, or none counts it.

use std::{
    cmp::Reverse,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    Meter,
    meter::{Lack, State},
    window::Moment,
};

/// A request of more tokens counts as one of this many. It is more than any limit, and a minute of them can be summed.
const MOST_TOKENS: u64 = 1 << 42;

/// A request that was let in. Dropping it ends the request: it runs no more, and stays counted.
#[derive(Debug)]
pub struct Admission {
    counted: Vec<Counted>,
    /// What the request counts as: the estimate, later the truth.
    tokens: Mutex<u64>,
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

/// What one meter counted of a request, and when.
#[derive(Debug)]
struct Counted {
    meter: Arc<Meter>,
    requests: Option<Moment>,
    tokens: Option<Moment>,
}

/// Lets a request in that will use about `tokens`, if every meter has room for it. A meter that is listed twice counts
/// it once.
///
/// # Errors
///
/// Counts nothing, and says which meter has least to give: the one that is waited for longest.
pub fn admit(meters: &[Arc<Meter>], tokens: u64, now: Instant) -> Result<Admission, Shortage> {
    let tokens = tokens.min(MOST_TOKENS);
    // All meters are held at once, so that nobody is counted by one and refused by the next; in the order of
    // their addresses, so that nobody waits for one who waits for him.
    let mut listed: Vec<_> = meters.iter().enumerate().collect();
    listed.sort_by_key(|(_, meter)| Arc::as_ptr(meter));
    listed.dedup_by_key(|(_, meter)| Arc::as_ptr(meter));
    let mut held: Vec<_> = listed
        .into_iter()
        .map(|(place, meter)| (place, meter, meter.is_limited().then(|| meter.state())))
        .collect();

    let mut lacks: Vec<(usize, Lack)> = Vec::new();
    for (place, meter, state) in &mut held {
        let Some(state) = state else { continue };
        state.advance(now);
        lacks.extend(state.lack(tokens, meter.in_flight(), now).map(|lack| (*place, lack)));
    }
    if let Some(shortage) = worst(lacks.into_iter()) {
        return Err(shortage);
    }
    let counted =
        held.iter_mut().map(|(_, meter, state)| count(meter, state.as_deref_mut(), tokens));
    Ok(Admission { counted: counted.collect(), tokens: Mutex::new(tokens) })
}

/// Says why a request that will use about `tokens` would not be let in now, if it would not. Counts nothing.
#[must_use]
pub fn shortage(meters: &[Arc<Meter>], tokens: u64, now: Instant) -> Option<Shortage> {
    let tokens = tokens.min(MOST_TOKENS);
    let lack = |(place, meter): (usize, &Arc<Meter>)| {
        let mut state = meter.is_limited().then(|| meter.state())?;
        state.advance(now);
        Some((place, state.lack(tokens, meter.in_flight(), now)?))
    };
    worst(meters.iter().enumerate().filter_map(lack))
}

/// Of what is lacking, what must be waited for longest.
fn worst(lacks: impl Iterator<Item = (usize, Lack)>) -> Option<Shortage> {
    let worst = lacks.max_by_key(|(place, lack)| (lack.severity(), Reverse(*place)));
    worst.map(|(meter, Lack { of, limit, wait })| Shortage { meter, of, limit, wait })
}

/// Counts a request for which there is room.
fn count(meter: &Arc<Meter>, state: Option<&mut State>, tokens: u64) -> Counted {
    meter.begin();
    let (mut requests_at, mut tokens_at) = (None, None);
    if let Some(state) = state {
        let limits = state.limits();
        requests_at = limits.requests_per_minute.map(|_| state.requests.add(1));
        tokens_at = limits.tokens_per_minute.map(|_| state.tokens.add(tokens));
    }
    Counted { meter: Arc::clone(meter), requests: requests_at, tokens: tokens_at }
}

impl Admission {
    /// Replaces the estimate, or the last correction, by what was really used; it counts from when the request came.
    pub fn correct(&self, tokens: u64) {
        self.replace(|_| tokens);
    }

    /// Replaces it where more than that was used already, and more may have been.
    pub fn raise(&self, tokens: u64) {
        self.replace(|last| last.max(tokens));
    }

    fn replace(&self, by: impl FnOnce(u64) -> u64) {
        let mut last = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let tokens = by(*last).min(MOST_TOKENS);
        for counted in &self.counted {
            if let Some(at) = counted.tokens {
                counted.meter.state().tokens.replace(at, *last, tokens);
            }
        }
        *last = tokens;
    }

    /// Takes the request out of every count, as if it had never come: no provider was asked.
    pub fn retract(self) {
        self.correct(0);
        for counted in &self.counted {
            if let Some(at) = counted.requests {
                counted.meter.state().requests.replace(at, 1, 0);
            }
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        for counted in &self.counted {
            counted.meter.end();
        }
    }
}
