//! At most so many starts in any span of time, exactly.

use std::time::{Duration, Instant};

use crate::window::Window;

/// Admits at most `limit` starts in any `span`, and all of them may come at once.
///
/// It remembers each start that still counts, so it is exact where a bucket or a fixed window is not.
#[derive(Debug)]
pub struct SlidingWindow {
    limit: u64,
    span: Duration,
    starts: Window,
}

impl SlidingWindow {
    /// Makes an empty window.
    #[must_use]
    pub fn new(limit: u32, span: Duration) -> Self {
        Self { limit: limit.into(), span, starts: Window::new(span) }
    }

    /// Counts a start at `now`, or at the latest start if that is later: callers who race for the window
    /// have read the clock before they got hold of it.
    ///
    /// # Errors
    ///
    /// Counts nothing and returns how long to wait when the window is full: a start exactly that long after
    /// `now` is admitted, unless others were first.
    pub fn try_start(&mut self, now: Instant) -> Result<(), Duration> {
        self.starts.advance(now);
        self.starts.room(1, self.limit, now).map_err(|wait| wait.unwrap_or(self.span))?;
        self.starts.add(1);
        Ok(())
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
        assert_eq!(window.try_start(early), Err(MINUTE + Duration::from_secs(1)));
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
            let wait = window.try_start(now).unwrap_err();
            prop_assert_eq!(window.try_start(now + wait), Ok(()));
        }
    }
}
