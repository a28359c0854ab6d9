//! What is known of a candidate at the moment of choosing.

use std::time::{Duration, Instant};

/// A last resort is tried no more often.
pub(crate) const LAST_RESORT_EVERY: Duration = Duration::from_secs(1);

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

impl Ready {
    /// Whether it may be asked, be it as a last resort.
    #[must_use]
    pub const fn is_possible(self) -> bool {
        match self {
            Self::Now { .. } | Self::LastResort => true,
            Self::Not { .. } => false,
        }
    }

    /// What something is that needs this and the other: the worse of the two.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Not { until: one }, Self::Not { until: two }) => {
                Self::Not { until: one.max(two) }
            }
            (not @ Self::Not { .. }, _) | (_, not @ Self::Not { .. }) => not,
            (Self::LastResort, _) | (_, Self::LastResort) => Self::LastResort,
            (Self::Now { share: one }, Self::Now { share: two }) => {
                Self::Now { share: one.min(two) }
            }
        }
    }
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

impl Standing {
    /// How the candidate may be asked with the readiest of its keys; `None` where it may not.
    pub(crate) fn readiness(&self) -> Option<Ready> {
        let mut ways = self.keys.iter().map(|(_, key)| self.ready.and(*key));
        let now = ways.clone().find(|way| matches!(way, Ready::Now { .. }));
        now.or_else(|| ways.find(|way| way.is_possible()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Ready;

    #[test]
    fn of_two_that_are_needed_the_worse_counts() {
        let check = |one: Ready, two: Ready, expected: Ready| {
            assert_eq!(one.and(two), expected);
            assert_eq!(two.and(one), expected);
        };
        let now = |share| Ready::Now { share };
        let start = Instant::now();
        let not = |s| Ready::Not { until: start + Duration::from_secs(s) };
        check(now(1.0), now(0.5), now(0.5));
        check(now(1.0), Ready::LastResort, Ready::LastResort);
        check(Ready::LastResort, Ready::LastResort, Ready::LastResort);
        check(now(1.0), not(1), not(1));
        check(Ready::LastResort, not(1), not(1));
        check(not(2), not(1), not(2));
    }
}
