//! A metric whose series are bounded: what comes after the last free one is counted as `other`.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use prometheus_client::metrics::{
    counter::Counter,
    family::{Family, MetricConstructor},
};

/// Series that one metric may have, those called `other` not counted.
pub(super) const MOST_SERIES: usize = 1000;

/// A set of labels that can be folded into fewer.
pub(super) trait Labels: Clone + Eq + Hash {
    /// The same with `other` for whatever there may be many of. Folded twice is folded once.
    fn folded(&self) -> Self;
}

/// The series of one metric. Reading the text never holds up a count on a series that is there already.
#[derive(Debug)]
pub(super) struct Bounded<L, M, C = fn() -> M> {
    family: Family<L, M, C>,
    /// The same series again, where the writer of the text doesn't hold the lock.
    series: RwLock<HashMap<L, M>>,
    /// Held while a series is made, so that the bound is exact.
    making: Mutex<()>,
}

impl<L: Labels> Bounded<L, Counter> {
    pub(super) fn counter() -> Self {
        Self::new(Counter::default)
    }
}

impl<L: Labels, M: Clone, C: MetricConstructor<M> + Clone> Bounded<L, M, C> {
    pub(super) fn new(make: C) -> Self {
        let family = Family::new_with_constructor(make);
        Self { family, series: RwLock::default(), making: Mutex::default() }
    }

    /// What the registry is given.
    pub(super) fn family(&self) -> Family<L, M, C> {
        self.family.clone()
    }

    /// The series of these labels, or of the folded ones where there is no room for another.
    pub(super) fn get(&self, labels: &L) -> M {
        if let Some(metric) = self.known(labels) {
            return metric;
        }
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let full = self.read().len() >= MOST_SERIES;
        let labels = if full { labels.folded() } else { labels.clone() };
        if let Some(metric) = self.known(&labels) {
            return metric;
        }
        // This waits for whoever writes the text, so it comes before the lock that everyone needs.
        let metric = self.family.get_or_create_owned(&labels);
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        series.insert(labels, metric.clone());
        metric
    }

    fn known(&self, labels: &L) -> Option<M> {
        self.read().get(labels).cloned()
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<L, M>> {
        self.series.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Number(usize);

    impl Labels for Number {
        fn folded(&self) -> Self {
            Self(usize::MAX)
        }
    }

    #[test]
    fn what_finds_no_room_is_counted_as_other() {
        let bounded: Bounded<Number, Counter> = Bounded::counter();
        for number in 0..MOST_SERIES + 50 {
            bounded.get(&Number(number)).inc();
            bounded.get(&Number(number)).inc();
        }
        assert_eq!(bounded.read().len(), MOST_SERIES + 1);
        assert_eq!(bounded.get(&Number(MOST_SERIES - 1)).get(), 2);
        assert_eq!(bounded.get(&Number(usize::MAX)).get(), 100);
    }
}
