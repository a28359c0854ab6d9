//! What is known of a candidate at the moment of choosing.

use std::time::{Duration, Instant};

/// Whether something may be asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ready {
    /// Yes; a share below 1 is that of a slow start, which gets so much of its usual traffic.
    Now {
        /// Above 0, at most 1.
        share: f64,
    },
    /// Only where nothing else may be.
    LastResort,
    /// Not before then.
    Not {
        /// When it may be.
        until: Instant,
    },
}

/// What is known of a candidate at the moment of choosing.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Whether the model may be asked.
    pub ready: Ready,
    /// The provider's keys that may be used for it, by number, in order; one number 0 where it needs none.
    pub keys: Vec<(usize, Ready)>,
    /// Its share among weighted candidates; 0 is never chosen first.
    pub weight: u32,
    /// Whether it runs on this machine or its network.
    pub is_local: bool,
    /// Requests that run there.
    pub in_flight: u32,
    /// Whether as many run there as may at once.
    pub is_full: bool,
    /// What a request is expected to take until its first byte: peak EWMA times those in flight and this one.
    pub expected: Duration,
    /// What the request is estimated to cost there, in billionths of a US dollar; unknown sorts last.
    pub cost_nano_usd: Option<u64>,
}
