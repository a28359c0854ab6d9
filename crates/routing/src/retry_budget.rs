//! The retry budget: retries may be a tenth of the traffic, so that they never make an outage worse.

/// Counts what retries may still be made. Bounded above, so that a quiet day buys no storm.
#[derive(Debug)]
pub struct RetryBudget {
    /// In tenths of a retry.
    tenths: u32,
}

/// What a gateway that has seen no traffic may retry.
const RESERVE: u32 = 50;

impl Default for RetryBudget {
    fn default() -> Self {
        Self { tenths: RESERVE * 10 }
    }
}

impl RetryBudget {
    /// Adds a tenth of a retry for a request that came in.
    pub fn deposit(&mut self) {
        self.tenths = (self.tenths + 1).min(RESERVE * 10);
    }

    /// Takes one retry, if there is one.
    pub fn withdraw(&mut self) -> bool {
        let left = self.tenths.checked_sub(10);
        self.tenths = left.unwrap_or(self.tenths);
        left.is_some()
    }

    /// Whole retries that may be made now.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.tenths / 10
    }
}
