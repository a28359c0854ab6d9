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

#[cfg(test)]
mod tests {
    use super::RetryBudget;

    fn withdraw_all(budget: &mut RetryBudget) -> u32 {
        (0..).take_while(|_| budget.withdraw()).count().try_into().unwrap()
    }

    #[test]
    fn a_tenth_of_the_traffic_beyond_the_reserve() {
        let check = |requests, expected| {
            let mut budget = RetryBudget::default();
            assert_eq!(withdraw_all(&mut budget), 50);
            (0..requests).for_each(|_| budget.deposit());
            assert_eq!(budget.left(), expected);
            assert_eq!(withdraw_all(&mut budget), expected);
        };
        check(0, 0);
        check(9, 0);
        check(10, 1);
        check(99, 9);
        check(500, 50);
        check(10_000, 50);
    }
}
