//! What a request consumed, in one normal form.

/// Token counts of one request. Absent is not zero: a provider that does not say leaves `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input tokens that were neither read from nor written to a cache.
    pub input_tokens: Option<u64>,
    /// Input tokens read from the provider's prompt cache.
    pub cache_read_tokens: Option<u64>,
    /// Input tokens written to the provider's prompt cache.
    pub cache_write_tokens: Option<u64>,
    /// Output tokens, thinking included.
    pub output_tokens: Option<u64>,
    /// The part of the output that was thinking.
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// Returns all input tokens, cached ones included, unless none were reported.
    #[must_use]
    pub fn prompt_tokens(&self) -> Option<u64> {
        sum([self.input_tokens, self.cache_read_tokens, self.cache_write_tokens])
    }

    /// Returns input and output together, unless neither was reported.
    #[must_use]
    pub fn total_tokens(&self) -> Option<u64> {
        sum([self.prompt_tokens(), self.output_tokens])
    }

    /// Takes over every count that `newer` reports; streams report cumulative counts, the last one wins.
    pub fn update(&mut self, newer: &Self) {
        self.input_tokens = newer.input_tokens.or(self.input_tokens);
        self.cache_read_tokens = newer.cache_read_tokens.or(self.cache_read_tokens);
        self.cache_write_tokens = newer.cache_write_tokens.or(self.cache_write_tokens);
        self.output_tokens = newer.output_tokens.or(self.output_tokens);
        self.reasoning_tokens = newer.reasoning_tokens.or(self.reasoning_tokens);
    }
}

/// Adds what is there, without overflow; nothing there is `None`.
fn sum<const N: usize>(counts: [Option<u64>; N]) -> Option<u64> {
    counts.into_iter().flatten().reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::Usage;

    #[test]
    fn absent_is_not_zero() {
        assert_eq!(Usage::default().total_tokens(), None);
        let only_output = Usage { output_tokens: Some(0), ..Usage::default() };
        assert_eq!(only_output.total_tokens(), Some(0));
    }

    #[test]
    fn sums_saturate() {
        let huge =
            Usage { input_tokens: Some(u64::MAX), output_tokens: Some(1), ..Usage::default() };
        assert_eq!(huge.total_tokens(), Some(u64::MAX));
    }
}
