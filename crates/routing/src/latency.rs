//! How long answers take to begin: a peak-sensitive moving average (peak EWMA).
//!
//! As in [Finagle](https://github.com/twitter/finagle/blob/develop/finagle-core/src/main/scala/com/twitter/finagle/loadbalancer/PeakEwma.scala)
//! and Linkerd.

use std::time::{Duration, Instant};

/// What was measured so long ago weighs a third (1/e).
const DECAY: Duration = Duration::from_secs(10);

/// The average: it jumps up to what is worse than it, and comes down slowly, by itself too: what was slow is tried
/// again some day.
#[derive(Debug, Default)]
pub struct PeakEwma {
    seconds: f64,
    /// When it was brought up to date; never, where nothing was measured.
    at: Option<Instant>,
}

impl PeakEwma {
    /// Takes a measured time into account.
    pub fn observe(&mut self, took: Duration, now: Instant) {
        let took = took.as_secs_f64();
        let old = self.weight(now);
        let average = self.seconds * old + took * (1.0 - old);
        self.seconds = if took > self.seconds { took } else { average };
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
    }

    /// The average at this moment.
    #[must_use]
    pub fn read(&self, now: Instant) -> Duration {
        Duration::from_secs_f64(self.seconds * self.weight(now))
    }

    /// Whether anything was measured.
    pub(crate) const fn is_known(&self) -> bool {
        self.at.is_some()
    }

    fn weight(&self, now: Instant) -> f64 {
        let passed = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        (-passed.as_secs_f64() / DECAY.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::PeakEwma;

    /// Observes (at ms, took ms) and reads in milliseconds.
    fn check(observed: &[(u64, u64)], read_at_ms: u64, expected_ms: u128) {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut average = PeakEwma::default();
        for (at_ms, took_ms) in observed {
            average.observe(Duration::from_millis(*took_ms), at(*at_ms));
        }
        assert_eq!(average.read(at(read_at_ms)).as_millis(), expected_ms);
    }

    #[test]
    fn it_jumps_up_and_comes_down_slowly() {
        check(&[], 1000, 0);
        check(&[(0, 100)], 0, 100);
        check(&[(0, 100), (1000, 2000)], 1000, 2000);
        check(&[(0, 2000), (0, 100)], 0, 2000);
        check(&[(0, 2000), (1000, 100)], 1000, 1819);
        check(&[(0, 2000), (10_000, 100)], 10_000, 798);
    }

    #[test]
    fn it_fades_while_nothing_is_measured() {
        check(&[(0, 1000)], 10_000, 367);
        check(&[(0, 1000)], 60_000, 2);
    }

    #[test]
    fn a_clock_read_before_anothers_changes_nothing() {
        check(&[(5000, 1000), (4000, 500)], 5000, 1000);
        check(&[(5000, 1000)], 0, 1000);
    }
}
