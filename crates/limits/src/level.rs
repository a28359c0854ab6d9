//! How much of a limit is left, of one meter and of many.

use std::{
    cmp::Reverse,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::Meter;

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

/// Reads what is left of requests and of tokens where least of them is left, over all meters that limit them.
#[must_use]
pub fn least_left(meters: &[Arc<Meter>], now: Instant) -> (Option<Level>, Option<Level>) {
    let readings: Vec<_> = meters.iter().map(|meter| meter.read(now)).collect();
    let least = |levels: &mut dyn Iterator<Item = Level>| {
        levels.min_by_key(|level| (level.remaining, Reverse(level.reset)))
    };
    let requests = least(&mut readings.iter().filter_map(|reading| reading.requests));
    (requests, least(&mut readings.iter().filter_map(|reading| reading.tokens)))
}
