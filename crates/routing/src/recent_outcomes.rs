//! How many of the outcomes of the last ten seconds were failures.

use std::{collections::VecDeque, mem, time::Instant};

/// Fewer outcomes than these say nothing.
const ENOUGH: u32 = 20;

/// Seconds that are looked back on, the present one included.
const SPAN_S: u64 = 10;

/// Outcomes, counted by the second.
#[derive(Debug, Default)]
pub(crate) struct RecentOutcomes {
    /// The instant that seconds are counted from: that of the first outcome.
    origin: Option<Instant>,
    present: Second,
    /// At most nine, the oldest first.
    earlier: VecDeque<Second>,
}

#[derive(Debug, Default)]
struct Second {
    number: u64,
    outcomes: u32,
    failures: u32,
}

impl RecentOutcomes {
    /// Counts an answer.
    pub(crate) fn answered(&mut self, now: Instant) {
        self.advance(now);
        self.present.outcomes += 1;
    }

    /// Counts a failure.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.advance(now);
        self.present.outcomes += 1;
        self.present.failures += 1;
    }

    /// Whether there were enough outcomes until the one counted last, and at least half of them were failures.
    pub(crate) fn are_mostly_failures(&self) -> bool {
        let seconds = || self.earlier.iter().chain([&self.present]);
        let outcomes: u32 = seconds().map(|second| second.outcomes).sum();
        let failures: u32 = seconds().map(|second| second.failures).sum();
        outcomes >= ENOUGH && failures * 2 >= outcomes
    }

    /// Makes the second of `now` the present one. Who has read the clock before another counts in that one's second.
    fn advance(&mut self, now: Instant) {
        let origin = *self.origin.get_or_insert(now);
        let number = now.saturating_duration_since(origin).as_secs();
        if number <= self.present.number {
            return;
        }
        let past = mem::replace(&mut self.present, Second { number, ..Second::default() });
        self.earlier.push_back(past);
        self.earlier.retain(|second| second.number + SPAN_S > number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::RecentOutcomes;

    /// Counts outcomes, each a second and whether it failed, and tells whether they are mostly failures.
    fn check(outcomes: impl IntoIterator<Item = (u64, bool)>, expected: bool) {
        let start = Instant::now();
        let mut recent = RecentOutcomes::default();
        for (second, failed) in outcomes {
            let now = start + Duration::from_secs(second);
            if failed {
                recent.failed(now);
            } else {
                recent.answered(now);
            }
        }
        assert_eq!(recent.are_mostly_failures(), expected);
    }

    fn alternating(count: usize, second: u64) -> impl Iterator<Item = (u64, bool)> {
        (0..count).map(move |number| (second, number % 2 == 0))
    }

    #[test]
    fn half_of_twenty_is_enough_and_less_of_either_is_not() {
        check(alternating(20, 0), true);
        check(alternating(19, 0), false);
        check(alternating(20, 0).chain([(0, false)]), false);
    }

    #[test]
    fn what_is_older_than_ten_seconds_counts_no_more() {
        check(alternating(19, 0).chain([(9, true)]), true);
        check(alternating(19, 0).chain([(10, true)]), false);
        check((0..30).map(|second| (second, true)), false);
        check((0..60).map(|half| (half / 2, true)), true);
    }

    #[test]
    fn memory_is_bounded() {
        let start = Instant::now();
        let mut recent = RecentOutcomes::default();
        for second in 0..1000 {
            recent.failed(start + Duration::from_secs(second));
        }
        assert_eq!(recent.earlier.len(), 9);
    }
}
