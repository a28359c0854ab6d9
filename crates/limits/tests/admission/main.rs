//! Requests against the limits of one and of many meters.

mod crowds;
mod histories;
mod one_at_a_time;

use std::sync::Arc;

use limits::{Limits, Meter};

fn limits(requests: u32, tokens: u64, concurrency: u32) -> Limits {
    Limits {
        requests_per_minute: (requests > 0).then_some(requests),
        tokens_per_minute: (tokens > 0).then_some(tokens),
        concurrency: (concurrency > 0).then_some(concurrency),
    }
}

/// A meter with those of the limits that are not 0.
fn meter(requests: u32, tokens: u64, concurrency: u32) -> Arc<Meter> {
    Arc::new(Meter::new(limits(requests, tokens, concurrency)))
}
