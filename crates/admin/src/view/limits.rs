//! What has been used of limits, as callers see it.

use limits::{Level, Reading};
use schemars::JsonSchema;
use serde::Serialize;

/// What has been used of limits. What is not limited is not shown.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Used {
    /// Requests in the last 60 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<LevelView>,
    /// Tokens in the last 60 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<LevelView>,
    /// Requests that run or wait for their turn.
    in_flight: u32,
}

/// How much of one limit is left.
#[derive(Serialize, JsonSchema)]
struct LevelView {
    /// What is allowed in a minute.
    limit: u64,
    /// What is left of it.
    remaining: u64,
    /// When all of it is there again, in seconds, if nothing more is used.
    reset_s: f64,
}

impl Used {
    pub(super) fn of(reading: &Reading) -> Self {
        let view = |level: Level| LevelView {
            limit: level.limit,
            remaining: level.remaining,
            reset_s: level.reset.as_secs_f64(),
        };
        Self {
            requests: reading.requests.map(view),
            tokens: reading.tokens.map(view),
            in_flight: reading.in_flight,
        }
    }
}
