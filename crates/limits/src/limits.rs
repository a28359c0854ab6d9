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
