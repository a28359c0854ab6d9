//! Who may wait before a provider that serves only so many at once.

use std::time::Duration;

use limits::Limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Turnstile, timeouts::duration};

/// Requests that may wait for each that may run.
const LENGTH_FOR_EACH: u32 = 4;
/// How long a request waits at most.
const WAIT: Duration = Duration::from_secs(60);

/// The queue before a provider with a limit of concurrency; without such a limit nobody waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// Requests that may wait; four times the concurrency when unset, 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub length: Option<u32>,
    /// How long a request waits at most, in seconds; 60 when unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 86_400.0))]
    pub wait: Option<f64>,
}

impl Queue {
    /// The turnstile that holds a provider to its limit of concurrency, if it has one.
    pub(crate) fn turnstile(&self, limits: &Limits) -> Option<Turnstile> {
        let (concurrency, length, wait) = self.numbers(limits)?;
        Some(Turnstile::new(concurrency, length, wait))
    }

    /// Tells a turnstile what was changed.
    pub(crate) fn apply(&self, limits: &Limits, turnstile: &Turnstile) {
        if let Some((concurrency, length, wait)) = self.numbers(limits) {
            turnstile.set(concurrency, length, wait);
        }
    }

    /// How many may run, how many may wait, and how long.
    fn numbers(&self, limits: &Limits) -> Option<(u32, usize, Duration)> {
        let concurrency = limits.concurrency?;
        let length = self.length.unwrap_or(concurrency.saturating_mul(LENGTH_FOR_EACH));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Some((concurrency, length, duration(self.wait).unwrap_or(WAIT)))
    }
}
