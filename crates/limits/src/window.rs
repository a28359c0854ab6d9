//! What was counted over the last span of time, exactly, and correctable after the fact.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// So many moments are told apart to the nanosecond; what comes on top is counted to the millisecond, rounded up.
/// It is more than the largest limit of requests, so only token windows of many tiny requests get there.
const MOST_EXACT: usize = 1 << 20;
const MILLISECOND_NS: u64 = 1_000_000;
/// Fewer entries than this are not worth tidying up after.
const FEW_ENTRIES: usize = 64;

/// Weights at the moments that they came, for as long as they count.
///
/// What comes at one moment is one entry of 16 bytes, entries without weight are at most about half of all, and the
/// memory is given back when the traffic is over.
#[derive(Debug)]
pub(crate) struct Window {
    span_ns: u64,
    /// Moments count from here: the first time that the window was used.
    base: Option<Instant>,
    /// The latest moment seen. Callers who race for the window have read the clock before they got hold of it.
    latest: Moment,
    /// What came before this is forgotten.
    floor: Moment,
    total: u64,
    weightless: usize,
    entries: VecDeque<Entry>,
}

/// A point in time of one window, in nanoseconds since its base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

#[derive(Debug)]
struct Entry {
    at: Moment,
    weight: u64,
}

impl Window {
    /// Makes an empty window.
    pub(crate) fn new(span: Duration) -> Self {
        Self {
            span_ns: nanoseconds(span),
            base: None,
            latest: Moment::default(),
            floor: Moment::default(),
            total: 0,
            weightless: 0,
            entries: VecDeque::new(),
        }
    }

    /// Moves on to `now`, unless it was later already, and drops what counts no more.
    pub(crate) fn advance(&mut self, now: Instant) {
        let base = *self.base.get_or_insert(now);
        let now = Moment(nanoseconds(now.saturating_duration_since(base)));
        self.latest = self.latest.max(now);
        while let Some(oldest) = self.entries.front()
            && self.is_over(oldest.at)
        {
            self.total = self.total.saturating_sub(oldest.weight);
            self.weightless -= usize::from(oldest.weight == 0);
            self.entries.pop_front();
        }
        self.give_memory_back();
    }

    /// Counts a weight now.
    pub(crate) fn add(&mut self, weight: u64) -> Moment {
        if self.entries.len() >= MOST_EXACT {
            let ms = self.latest.0.div_ceil(MILLISECOND_NS);
            self.latest = Moment(ms.saturating_mul(MILLISECOND_NS));
        }
        let at = self.latest;
        self.replace(at, 0, weight);
        at
    }

    /// Replaces a weight that was counted at a moment, if it still counts.
    pub(crate) fn replace(&mut self, at: Moment, old: u64, new: u64) {
        if at < self.floor || self.is_over(at) || old == new {
            return;
        }
        // Almost always the last one or the one before.
        let place = match self.entries.back() {
            Some(last) if last.at < at => Err(self.entries.len()),
            Some(_) | None => self.entries.binary_search_by_key(&at, |entry| entry.at),
        };
        match place {
            Err(place) => self.entries.insert(place, Entry { at, weight: new }),
            Ok(place) => {
                let Some(entry) = self.entries.get_mut(place) else { return };
                self.weightless -= usize::from(entry.weight == 0);
                entry.weight = entry.weight.saturating_add(new).saturating_sub(old);
                self.weightless += usize::from(entry.weight == 0);
            }
        }
        self.total = self.total.saturating_add(new).saturating_sub(old);
        if self.weightless > FEW_ENTRIES && self.weightless > self.entries.len() / 2 {
            self.entries.retain(|entry| entry.weight > 0);
            self.weightless = 0;
        }
    }

    /// What counts now.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether there is room for a weight under a limit.
    ///
    /// # Errors
    ///
    /// Says how long after `now` there is, if nothing else comes; `None` where there never is.
    pub(crate) fn room(
        &self,
        weight: u64,
        limit: u64,
        now: Instant,
    ) -> Result<(), Option<Duration>> {
        let room = limit.checked_sub(weight).ok_or(None)?;
        let mut excess = match self.total.checked_sub(room) {
            None | Some(0) => return Ok(()),
            Some(excess) => excess,
        };
        for entry in &self.entries {
            excess = excess.saturating_sub(entry.weight);
            if excess == 0 {
                return Err(Some(self.until_over(entry.at, now)));
            }
        }
        Ok(())
    }

    /// How long after `now` nothing counts any more.
    pub(crate) fn until_empty(&self, now: Instant) -> Duration {
        let last = self.entries.iter().rfind(|entry| entry.weight > 0);
        last.map(|last| self.until_over(last.at, now)).unwrap_or_default()
    }

    /// Forgets everything; what was counted until now can't be replaced any more.
    pub(crate) fn clear(&mut self) {
        self.latest = Moment(self.latest.0.saturating_add(1));
        self.floor = self.latest;
        (self.total, self.weightless) = (0, 0);
        self.entries = VecDeque::new();
    }

    /// Whether what came at a moment counts no more.
    fn is_over(&self, at: Moment) -> bool {
        self.latest.0.saturating_sub(at.0) >= self.span_ns
    }

    fn until_over(&self, at: Moment, now: Instant) -> Duration {
        let since_base = Duration::from_nanos(at.0.saturating_add(self.span_ns));
        let over = self.base.and_then(|base| base.checked_add(since_base));
        over.map(|over| over.saturating_duration_since(now)).unwrap_or_default()
    }

    fn give_memory_back(&mut self) {
        let (used, held) = (self.entries.len(), self.entries.capacity());
        if held > FEW_ENTRIES && used < held / 4 {
            self.entries.shrink_to(used * 2);
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{FEW_ENTRIES, MOST_EXACT, Moment, Window};

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn weights_are_replaced_where_they_were_counted() {
        let start = Instant::now();
        let mut window = Window::new(MINUTE);
        window.advance(start);
        let first = window.add(10);
        let same = window.add(5);
        window.advance(start + MINUTE / 2);
        let second = window.add(7);
        for (at, old, new, expected) in [
            (first, 10, 30, 42),
            (same, 5, 0, 37),
            (second, 7, 0, 30),
            (second, 0, 9, 39),
            (first, 30, 0, 9),
            (first, 0, 1, 10),
        ] {
            window.replace(at, old, new);
            assert_eq!(window.total(), expected);
        }
        window.advance(start + MINUTE);
        assert_eq!(window.total(), 9);
        window.replace(first, 1, 1000);
        assert_eq!(window.total(), 9);
        assert_eq!(window.until_empty(start + MINUTE), MINUTE / 2);
    }

    #[test]
    fn the_wait_counts_from_the_callers_own_now() {
        let start = Instant::now();
        let mut window = Window::new(MINUTE);
        window.advance(start + MINUTE);
        window.add(3);
        window.advance(start);
        assert_eq!(window.room(1, 3, start), Err(Some(2 * MINUTE)));
        assert_eq!(window.room(4, 3, start), Err(None));
        window.advance(start + 2 * MINUTE);
        assert_eq!(window.room(3, 3, start), Ok(()));
    }

    #[test]
    fn what_was_forgotten_is_not_replaced() {
        let mut window = Window::new(MINUTE);
        window.advance(Instant::now());
        let before = window.add(3);
        window.clear();
        let after = window.add(4);
        window.replace(before, 3, 100);
        assert_eq!(window.total(), 4);
        window.replace(after, 4, 5);
        assert_eq!(window.total(), 5);
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        let start = Instant::now();
        let mut window = Window::new(MINUTE);
        window.advance(start);
        for _ in 0..100_000 {
            window.add(1);
        }
        assert_eq!(window.entries.len(), 1);
        for step in 0..50_000_u64 {
            window.advance(start + Duration::from_nanos(step));
            let at = window.add(1);
            window.replace(at, 1, 0);
        }
        assert!(window.entries.len() <= FEW_ENTRIES * 2 + 3, "{}", window.entries.len());
        let most = u64::try_from(MOST_EXACT).unwrap();
        for step in 0..most + 100_000 {
            window.advance(start + Duration::from_micros(step));
            window.add(1);
        }
        assert!(window.entries.len() <= MOST_EXACT + 101, "{}", window.entries.len());
        assert_eq!(window.total(), 100_000 + most + 100_000);
        window.advance(start + 2 * MINUTE);
        assert_eq!((window.total(), window.entries.capacity() <= FEW_ENTRIES), (0, true));
    }

    /// What is done to a window.
    #[derive(Clone, Debug)]
    enum Deed {
        Wait(u64),
        Add(u64),
        Replace(prop::sample::Index, u64),
    }

    fn deed() -> impl Strategy<Value = Deed> {
        prop_oneof![
            (0_u64..25_000).prop_map(Deed::Wait),
            (0_u64..10).prop_map(Deed::Add),
            (any::<prop::sample::Index>(), 0_u64..20)
                .prop_map(|(which, new)| Deed::Replace(which, new)),
        ]
    }

    proptest! {
        #[test]
        fn it_counts_what_a_list_of_everything_counts(deeds in prop::collection::vec(deed(), 1..150)) {
            let start = Instant::now();
            let mut now = start;
            let mut window = Window::new(MINUTE);
            window.advance(now);
            let mut all: Vec<(Instant, Moment, u64)> = Vec::new();
            for deed in deeds {
                match deed {
                    Deed::Wait(ms) => now += Duration::from_millis(ms),
                    Deed::Add(weight) => all.push((now, window.add(weight), weight)),
                    Deed::Replace(which, new) if !all.is_empty() => {
                        let (_, at, weight) = which.get_mut(&mut all);
                        window.replace(*at, *weight, new);
                        *weight = new;
                    }
                    Deed::Replace(..) => {}
                }
                window.advance(now);
                let total_at = |now: Instant| -> u64 {
                    let counts = |came: &Instant| now.duration_since(*came) < MINUTE;
                    all.iter().filter(|(came, ..)| counts(came)).map(|(.., weight)| weight).sum()
                };
                prop_assert_eq!(window.total(), total_at(now));
                let empty = now + window.until_empty(now);
                prop_assert_eq!(total_at(empty), 0);
                for limit in [1, 5, 30] {
                    match window.room(1, limit, now) {
                        Ok(()) => prop_assert!(total_at(now) < limit),
                        Err(None) => prop_assert!(false, "there is room one day"),
                        Err(Some(wait)) => {
                            prop_assert!(total_at(now + wait) < limit);
                            prop_assert!(total_at(now + wait - Duration::from_nanos(1)) >= limit);
                        }
                    }
                }
            }
        }
    }
}
