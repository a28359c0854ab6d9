//! At most so many starts in any span of time, exactly.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Admits at most `limit` starts in any `span`, and all of them may come at once.
///
/// It remembers each start that still counts, so it is exact where a bucket or a fixed window is not;
/// it holds at most `limit` instants.
#[derive(Debug)]
pub struct SlidingWindow {
    limit: usize,
    span: Duration,
    starts: VecDeque<Instant>,
}

impl SlidingWindow {
    /// Makes an empty window.
    #[must_use]
    pub fn new(limit: u32, span: Duration) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { limit, span, starts: VecDeque::new() }
    }

    /// Counts a start at `now`, or at the latest start if that is later: callers who race for the window
    /// have read the clock before they got hold of it.
    ///
    /// # Errors
    ///
    /// Counts nothing and returns how long to wait when the window is full: a start after exactly that
    /// long is admitted, unless others were first.
    pub fn try_start(&mut self, now: Instant) -> Result<(), Duration> {
        let now = self.starts.back().map_or(now, |latest| now.max(*latest));
        while self.starts.front().is_some_and(|start| now.duration_since(*start) >= self.span) {
            self.starts.pop_front();
        }
        if self.starts.len() < self.limit {
            self.starts.push_back(now);
            return Ok(());
        }
        let age = self.starts.front().map(|oldest| now.duration_since(*oldest));
        Err(self.span.saturating_sub(age.unwrap_or_default()))
    }

    /// How long a start at `now` would have to wait; it is not counted.
    #[must_use]
    pub fn wait(&self, now: Instant) -> Duration {
        let oldest = self.starts.len().checked_sub(self.limit).and_then(|at| self.starts.get(at));
        let free_at = oldest.map(|oldest| *oldest + self.span);
        free_at.map_or(Duration::ZERO, |free_at| free_at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::SlidingWindow;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn all_may_come_at_once_and_no_more() {
        let now = Instant::now();
        let mut window = SlidingWindow::new(3, MINUTE);
        for _ in 0..3 {
            assert_eq!(window.try_start(now), Ok(()));
        }
        assert_eq!(window.try_start(now), Err(MINUTE));
    }

    #[test]
    fn a_caller_who_lost_the_race_counts_as_the_latest() {
        let early = Instant::now();
        let late = early + Duration::from_secs(1);
        let mut window = SlidingWindow::new(2, MINUTE);
        assert_eq!(window.try_start(late), Ok(()));
        assert_eq!(window.try_start(early), Ok(()));
        assert_eq!(window.try_start(early), Err(MINUTE));
        assert_eq!(window.try_start(early + MINUTE), Err(Duration::from_secs(1)));
        assert_eq!(window.try_start(late + MINUTE), Ok(()));
    }

    #[test]
    fn nothing_is_admitted_by_a_limit_of_none() {
        assert_eq!(SlidingWindow::new(0, MINUTE).try_start(Instant::now()), Err(MINUTE));
    }

    proptest! {
        #[test]
        fn no_span_holds_more_than_the_limit(
            limit in 1_u32..6,
            steps_ms in prop::collection::vec(0_u64..30_000, 1..80),
        ) {
            let mut window = SlidingWindow::new(limit, MINUTE);
            let mut now = Instant::now();
            let mut admitted: Vec<Instant> = Vec::new();
            for step in steps_ms {
                now += Duration::from_millis(step);
                let in_span =
                    admitted.iter().filter(|start| now.duration_since(**start) < MINUTE).count();
                let has_room = in_span < limit as usize;
                prop_assert_eq!(window.try_start(now).is_ok(), has_room);
                if has_room {
                    admitted.push(now);
                }
            }
        }

        #[test]
        fn waiting_exactly_that_long_admits(limit in 1_u32..6, age_ms in 0_u64..60_000) {
            let start = Instant::now();
            let mut window = SlidingWindow::new(limit, MINUTE);
            for _ in 0..limit {
                prop_assert_eq!(window.try_start(start), Ok(()));
            }
            let now = start + Duration::from_millis(age_ms);
            prop_assert_eq!(SlidingWindow::new(limit, MINUTE).wait(now), Duration::ZERO);
            prop_assert_eq!(Err(window.wait(now)), window.try_start(now));
            let wait = window.try_start(now).unwrap_err();
            prop_assert_eq!(window.wait(now + wait), Duration::ZERO);
            prop_assert_eq!(window.try_start(now + wait), Ok(()));
        }
    }
}
