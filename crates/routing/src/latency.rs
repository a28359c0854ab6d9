//! How long answers take to begin: a peak-sensitive moving average (peak EWMA).

use std::time::{Duration, Instant};

/// The average: it jumps up to what is worse than it, and comes down slowly.
#[derive(Debug, Default)]
pub struct PeakEwma {
    seconds: f64,
}

impl PeakEwma {
    /// Takes a measured time into account.
    pub fn observe(&mut self, took: Duration, _now: Instant) {
        self.seconds = took.as_secs_f64();
    }

    /// The average at this moment.
    #[must_use]
    pub fn read(&self, _now: Instant) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}
