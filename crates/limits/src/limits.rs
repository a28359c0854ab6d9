//! How much of something is allowed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much is allowed. Absent is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests that may start in any 60 seconds.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_per_minute: Option<u32>,
    /// Tokens of input and output in any 60 seconds: estimated when a request starts, corrected when it ends.
    #[schemars(range(min = 1, max = 1_000_000_000_000u64))]
    pub tokens_per_minute: Option<u64>,
    /// Requests that may run at once.
    #[schemars(range(min = 1, max = 100_000))]
    pub concurrency: Option<u32>,
}

impl Limits {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// Whether these allow at most what `other` allows, in each measure.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        is_at_most(self.requests_per_minute, other.requests_per_minute)
            && is_at_most(self.tokens_per_minute, other.tokens_per_minute)
            && is_at_most(self.concurrency, other.concurrency)
    }
}

/// Whether one limit allows no more than another; none allows everything.
fn is_at_most<N: PartialOrd>(limit: Option<N>, most: Option<N>) -> bool {
    most.is_none_or(|most| limit.is_some_and(|limit| limit <= most))
}

#[cfg(test)]
mod tests {
    use super::Limits;

    fn limits(requests: Option<u32>, tokens: Option<u64>, concurrency: Option<u32>) -> Limits {
        Limits { requests_per_minute: requests, tokens_per_minute: tokens, concurrency }
    }

    #[test]
    fn only_limits_that_allow_no_more_are_within() {
        let parent = limits(Some(10), None, Some(2));
        for (child, expected) in [
            (parent, true),
            (limits(Some(10), Some(5), Some(1)), true),
            (limits(Some(11), None, Some(2)), false),
            (limits(None, None, Some(2)), false),
            (limits(Some(1), None, None), false),
            (limits(Some(1), None, Some(3)), false),
            (Limits::default(), false),
        ] {
            assert_eq!(child.within(&parent), expected, "{child:?}");
            assert!(child.within(&Limits::default()));
        }
        assert!(!limits(None, Some(6), None).within(&limits(None, Some(5), None)));
    }

    #[test]
    fn any_limit_is_a_limit() {
        assert!(Limits::default().is_unlimited());
        assert!(!limits(None, None, Some(1)).is_unlimited());
    }
}
