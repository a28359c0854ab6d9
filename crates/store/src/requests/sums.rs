//! Sums over requests: the columns of `usage_daily` that count something.

use crate::RequestRow;

/// Sums over some requests. What a provider did not say counts as nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Requests, however they ended.
    pub requests: u64,
    /// Those that failed or broke off.
    pub failed: u64,
    /// Input tokens that were neither read from nor written to a cache.
    pub input_tokens: u64,
    /// Input tokens read from a cache.
    pub cache_read_tokens: u64,
    /// Input tokens written to a cache.
    pub cache_write_tokens: u64,
    /// Output tokens, thinking included.
    pub output_tokens: u64,
    /// The part of the output that was thinking.
    pub reasoning_tokens: u64,
    /// Billionths of a US dollar, as far as prices are known.
    pub cost_nano_usd: u64,
    /// Requests that a provider answered at a price that nobody knows.
    pub unpriced_requests: u64,
}

impl Sums {
    /// The columns, in the order of [`Self::values`].
    pub(super) const COLUMNS: [&'static str; 9] = [
        "requests",
        "failed",
        "input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reasoning_tokens",
        "cost_nano_usd",
        "unpriced_requests",
    ];

    /// All tokens of input and output.
    #[must_use]
    pub const fn total_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_read_tokens)
            .saturating_add(self.cache_write_tokens)
            .saturating_add(self.output_tokens)
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        let (ours, theirs) = (self.values(), other.values());
        let mut both = ours.into_iter().zip(theirs).map(|(one, other)| one.saturating_add(other));
        *self = Self::of_values(|| both.next().unwrap_or_default());
    }

    /// The sums of one request.
    pub(super) fn of(row: &RequestRow) -> Self {
        Self {
            requests: 1,
            failed: row.is_failed().into(),
            input_tokens: row.input_tokens.unwrap_or_default(),
            cache_read_tokens: row.cache_read_tokens.unwrap_or_default(),
            cache_write_tokens: row.cache_write_tokens.unwrap_or_default(),
            output_tokens: row.output_tokens.unwrap_or_default(),
            reasoning_tokens: row.reasoning_tokens.unwrap_or_default(),
            cost_nano_usd: row.cost_nano_usd.unwrap_or_default(),
            unpriced_requests: row.is_unpriced().into(),
        }
    }

    pub(super) const fn values(&self) -> [u64; 9] {
        [
            self.requests,
            self.failed,
            self.input_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.output_tokens,
            self.reasoning_tokens,
            self.cost_nano_usd,
            self.unpriced_requests,
        ]
    }

    /// Takes each value from `next`, in the order of [`Self::COLUMNS`].
    pub(super) fn of_values(mut next: impl FnMut() -> u64) -> Self {
        Self {
            requests: next(),
            failed: next(),
            input_tokens: next(),
            cache_read_tokens: next(),
            cache_write_tokens: next(),
            output_tokens: next(),
            reasoning_tokens: next(),
            cost_nano_usd: next(),
            unpriced_requests: next(),
        }
    }
}
