//! What a request cost: tokens times prices.

use crate::{Price, Usage};

/// A price is for a million tokens and in millionths of a dollar: a token at 1 costs a thousandth of a billionth.
const PER_NANO: u128 = 1000;

impl Price {
    /// What `usage` costs in billionths of a US dollar, rounded up once, at the end. A cache whose price nobody says
    /// costs what input does. `None` when nothing was counted, or something was whose price is unknown.
    #[must_use]
    pub fn cost_nano_usd(&self, usage: &Usage) -> Option<u64> {
        usage.total_tokens()?;
        let input = self.input_micro_usd;
        let parts = [
            (usage.input_tokens, input),
            (usage.cache_read_tokens, self.cache_read_micro_usd.or(input)),
            (usage.cache_write_tokens, self.cache_write_micro_usd.or(input)),
            (usage.output_tokens, self.output_micro_usd),
        ];
        let mut sum: u128 = 0;
        for (tokens, price) in parts {
            let tokens = tokens.unwrap_or_default();
            if tokens > 0 {
                sum = sum.saturating_add(u128::from(tokens) * u128::from(price?));
            }
        }
        Some(u64::try_from(sum.div_ceil(PER_NANO)).unwrap_or(u64::MAX))
    }

    /// What a request is estimated to cost before it is made.
    #[must_use]
    pub fn estimate_nano_usd(&self, input_tokens: u64, output_tokens: u64) -> Option<u64> {
        self.cost_nano_usd(&Usage {
            input_tokens: Some(input_tokens),
            output_tokens: Some(output_tokens),
            ..Usage::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Price, Usage};

    /// 3 dollars in, 15 out, 0.30 read, 3.75 written, for a million tokens.
    const ALL: Price = Price {
        input_micro_usd: Some(3_000_000),
        output_micro_usd: Some(15_000_000),
        cache_read_micro_usd: Some(300_000),
        cache_write_micro_usd: Some(3_750_000),
    };

    fn usage(input: u64, read: u64, write: u64, output: u64) -> Usage {
        Usage {
            input_tokens: Some(input),
            cache_read_tokens: Some(read),
            cache_write_tokens: Some(write),
            output_tokens: Some(output),
            reasoning_tokens: None,
        }
    }

    #[test]
    fn tokens_times_prices() {
        let check = |price: Price, usage: Usage, expected: Option<u64>| {
            assert_eq!(price.cost_nano_usd(&usage), expected, "{price:?} {usage:?}");
        };
        let million = 1_000_000;
        let dollar = 1_000_000_000;
        check(ALL, usage(million, 0, 0, 0), Some(3 * dollar));
        check(ALL, usage(0, million, 0, 0), Some(3 * dollar / 10));
        check(ALL, usage(0, 0, million, 0), Some(375 * dollar / 100));
        check(ALL, usage(0, 0, 0, million), Some(15 * dollar));
        check(ALL, usage(1, 1, 1, 1), Some(3000 + 300 + 3750 + 15_000));
        check(ALL, usage(0, 0, 0, 0), Some(0));

        let no_caches = Price { cache_read_micro_usd: None, cache_write_micro_usd: None, ..ALL };
        check(no_caches, usage(0, 5, 7, 0), Some(12 * 3000));
        let free_cache = Price { cache_read_micro_usd: Some(0), ..ALL };
        check(free_cache, usage(0, 5, 0, 0), Some(0));
    }

    #[test]
    fn reasoning_is_part_of_the_output() {
        let thought = Usage { reasoning_tokens: Some(9), ..usage(0, 0, 0, 10) };
        assert_eq!(ALL.cost_nano_usd(&thought), ALL.cost_nano_usd(&usage(0, 0, 0, 10)));
    }

    #[test]
    fn what_nobody_says_is_not_guessed() {
        let none = Price::default();
        assert_eq!(ALL.cost_nano_usd(&Usage::default()), None, "nothing was counted");
        assert_eq!(none.cost_nano_usd(&usage(1, 0, 0, 0)), None);
        assert_eq!(none.cost_nano_usd(&usage(0, 0, 0, 0)), Some(0), "no price is needed");
        let input_only = Price { output_micro_usd: None, ..ALL };
        assert_eq!(input_only.cost_nano_usd(&usage(1, 0, 0, 1)), None);
        let embedding = Usage { input_tokens: Some(2), ..Usage::default() };
        assert_eq!(input_only.cost_nano_usd(&embedding), Some(6000));
        let caches_only = Price { input_micro_usd: None, ..ALL };
        assert_eq!(caches_only.cost_nano_usd(&usage(0, 10, 0, 0)), Some(3000));
    }

    #[test]
    fn it_rounds_up_once() {
        let tiny = |micro_usd| Price {
            input_micro_usd: Some(micro_usd),
            output_micro_usd: Some(micro_usd),
            ..Price::default()
        };
        assert_eq!(tiny(1).cost_nano_usd(&usage(1, 0, 0, 0)), Some(1));
        assert_eq!(tiny(400).cost_nano_usd(&usage(1, 1, 1, 1)), Some(2), "1.6, not four times 0.4");
        assert_eq!(tiny(500).cost_nano_usd(&usage(1, 0, 0, 1)), Some(1), "exactly one");
    }

    #[test]
    fn absurd_counts_stop_at_the_largest_number() {
        let absurd = Price {
            input_micro_usd: Some(u64::MAX),
            output_micro_usd: Some(u64::MAX),
            ..Price::default()
        };
        let most = usage(u64::MAX, u64::MAX, u64::MAX, u64::MAX);
        assert_eq!(absurd.cost_nano_usd(&most), Some(u64::MAX));
    }
}
