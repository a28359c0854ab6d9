//! Why one key is parked, for which model, and until when.

use std::time::{Duration, Instant};

use canonical::Fault;

use crate::{Ready, standing::LAST_RESORT_EVERY};

/// A refused key's first and longest times.
const REFUSED: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(600));

/// Those of a key that was used too often, where the provider doesn't say how long to wait.
const UNSTATED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// A stated time is respected up to here; the caller is told all of it.
const LONGEST_STATED: Duration = Duration::from_secs(60);

/// A key that is parked, or was and has not been accepted since.
#[derive(Debug)]
pub(crate) struct Park {
    /// For which model; all of them where none is named.
    pub(crate) model: Option<String>,
    pub(crate) why: Why,
    pub(crate) since: Instant,
    pub(crate) until: Instant,
    /// What the provider said last.
    pub(crate) fault: Fault,
    /// Until when the provider said it would be.
    stated_until: Instant,
    /// How often it was parked without being accepted between.
    times: u32,
    /// When it was tried last.
    tried: Instant,
}

/// Why a key is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It was refused, or has no credit.
    Refused,
    /// It was used too often.
    UsedTooOften,
    /// It was used too often, and the provider said for how long.
    Stated(Duration),
}

impl Why {
    /// Whether it is the rate that is at fault, not the key.
    pub(crate) const fn is_rate(self) -> bool {
        match self {
            Self::Refused => false,
            Self::UsedTooOften | Self::Stated(_) => true,
        }
    }
}

impl Park {
    /// Parks a key that wasn't.
    pub(crate) fn new(model: Option<&str>, why: Why, fault: &Fault, now: Instant) -> Self {
        let model = model.map(str::to_owned);
        let mut park = Self {
            model,
            why,
            since: now,
            until: now,
            fault: fault.clone(),
            stated_until: now,
            times: 0,
            tried: now,
        };
        park.again(why, fault, now);
        park
    }

    /// Parks it again. A failure while it is parked changes no time, unless the provider states a later one:
    /// it is that of a request that was sent before, or of a last resort.
    pub(crate) fn again(&mut self, why: Why, fault: &Fault, now: Instant) {
        let is_over = now >= self.until;
        let doubled = |(first, longest): (Duration, Duration)| {
            first.saturating_mul(1 << self.times.min(16)).min(longest)
        };
        match (why, self.why) {
            (Why::Stated(wait), before) => {
                let until = now + wait.min(LONGEST_STATED);
                let keeps = matches!(before, Why::Stated(_)) && !is_over;
                self.until = if keeps { until.max(self.until) } else { until };
                let stated = now.checked_add(wait).unwrap_or(until);
                self.stated_until = if keeps { stated.max(self.stated_until) } else { stated };
            }
            (Why::Refused | Why::UsedTooOften, _) if is_over => {
                self.until = now + doubled(if why.is_rate() { UNSTATED } else { REFUSED });
                self.times += 1;
            }
            (Why::UsedTooOften, Why::Stated(_)) => return,
            (Why::Refused | Why::UsedTooOften, _) => {
                self.fault = fault.clone();
                return;
            }
        }
        self.why = why;
        self.since = now;
        self.fault = fault.clone();
        self.tried = now;
    }

    /// Notes that the key is tried although it was not accepted since.
    pub(crate) const fn try_it(&mut self, now: Instant) {
        self.tried = now;
    }

    /// When it was tried last.
    pub(crate) const fn tried(&self) -> Instant {
        self.tried
    }

    /// Whether it is for `model`, or for all models.
    pub(crate) fn concerns(&self, model: &str) -> bool {
        self.model.as_deref().is_none_or(|parked| parked == model)
    }

    /// Whether the acceptance of a try that began at `begun` ends it. A stated time holds for all that.
    pub(crate) fn is_ended_by_acceptance(&self, begun: Instant) -> bool {
        match self.why {
            Why::Stated(_) => self.until <= begun,
            Why::Refused | Why::UsedTooOften => self.since < begun,
        }
    }

    /// From when on the caller is told to come again, while the key can't be used.
    pub(crate) fn told_until(&self) -> Instant {
        match self.why {
            Why::Stated(_) => self.stated_until,
            Why::Refused | Why::UsedTooOften => self.tried + LAST_RESORT_EVERY,
        }
    }

    /// Whether the key may be used now, as far as this is concerned. Where no time was stated it may be as a last
    /// resort; and when the time is over, once in a second until it is accepted.
    pub(crate) fn ready(&self, now: Instant) -> Ready {
        let next = self.tried + LAST_RESORT_EVERY;
        match self.why {
            Why::Stated(_) if now < self.until => Ready::Not { until: self.until },
            Why::Stated(_) => Ready::Now { share: 1.0 },
            Why::Refused | Why::UsedTooOften if now < next => Ready::Not { until: next },
            Why::Refused | Why::UsedTooOften if now < self.until => Ready::LastResort,
            Why::Refused | Why::UsedTooOften => Ready::Now { share: 1.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use canonical::{ErrorKind, Fault};

    use super::{Park, Why};

    const S: Duration = Duration::from_secs(1);

    /// Parks a key at each of these times, in tenths of a second, and tells for how long it is after the last.
    fn check(why: Why, at_tenths: &[u32], expected_tenths: u32) {
        let start = Instant::now();
        let at = |tenths: u32| start + tenths * (S / 10);
        let fault = Fault::new(ErrorKind::RateLimited, "slow down");
        let mut park = Park::new(None, why, &fault, start);
        for tenths in at_tenths {
            park.again(why, &fault, at(*tenths));
        }
        let last = at(at_tenths.last().copied().unwrap_or(0));
        assert_eq!(park.until.duration_since(last), expected_tenths * (S / 10), "{at_tenths:?}");
    }

    #[test]
    fn times_double_up_to_the_longest() {
        check(Why::Refused, &[], 600);
        check(Why::Refused, &[600], 1200);
        check(Why::Refused, &[600, 1800], 2400);
        check(Why::Refused, &[600, 1800, 4200, 9000], 6000);
        check(Why::Refused, &[600, 1800, 4200, 9000, 15_000], 6000);
        check(Why::UsedTooOften, &[], 10);
        check(Why::UsedTooOften, &[10, 30, 70], 80);
        check(Why::UsedTooOften, &[10, 30, 70, 150, 310, 610], 300);
    }

    #[test]
    fn failures_while_it_is_parked_double_nothing() {
        check(Why::Refused, &[10, 20, 30], 570);
        check(Why::UsedTooOften, &[5, 9], 1);
    }

    #[test]
    fn a_stated_time_is_kept_to_and_capped() {
        check(Why::Stated(20 * S), &[], 200);
        check(Why::Stated(20 * S), &[50], 200);
        check(Why::Stated(3600 * S), &[], 600);
        check(Why::Stated(Duration::MAX), &[], 600);
    }

    #[test]
    fn the_later_of_two_stated_times_holds_and_an_unstated_one_changes_neither() {
        let now = Instant::now();
        let fault = Fault::new(ErrorKind::RateLimited, "slow down");
        let mut park = Park::new(Some("m"), Why::Stated(30 * S), &fault, now);
        park.again(Why::Stated(2 * S), &fault, now + S);
        park.again(Why::UsedTooOften, &fault, now + S);
        assert_eq!((park.until, park.told_until()), (now + 30 * S, now + 30 * S));
    }
}
