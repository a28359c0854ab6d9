//! The breaker of one provider's model: opens when it keeps failing, tries one request at a time, then lets more and
//! more through.

use std::time::{Duration, Instant};

use crate::{Dice, Outcome, Ready, recent_outcomes::RecentOutcomes, standing::LAST_RESORT_EVERY};

/// Failures in a row that open it.
const IN_A_ROW: u32 = 5;

/// It stays open at least so long.
const SHORTEST: Duration = Duration::from_secs(5);

/// Doubling stops here; with a fifth for jitter, and a second until the next try, that is less than a minute.
const LONGEST: Duration = Duration::from_secs(48);

/// After closing, the share of the usual traffic rises for so long.
const SLOW_START: Duration = Duration::from_secs(10);

/// Where that share begins.
const FIRST_SHARE: f64 = 0.1;

/// A breaker. It opens after five failures in a row, or where at least half of at least twenty outcomes within ten
/// seconds were failures, and stays open for five seconds; then one trial at a time, and one in a second, may close it.
/// Each failed trial doubles the time that it is open. Meanwhile it is a last resort, once in a second.
#[derive(Debug, Default)]
pub struct Breaker {
    /// How often it opened or closed. What was sent in an earlier era says nothing about this one.
    era: u64,
    phase: Phase,
    in_a_row: u32,
    recent: RecentOutcomes,
}

#[derive(Debug)]
enum Phase {
    /// It was never open, or was and has recovered.
    Closed(Option<Recovery>),
    Open(Opening),
}

#[derive(Debug)]
struct Recovery {
    since: Instant,
    /// How many trials failed before the one that closed it.
    failed_trials: u32,
}

#[derive(Debug)]
struct Opening {
    since: Instant,
    /// From then on a trial may close it.
    until: Instant,
    failed_trials: u32,
    /// When anything was sent there last.
    tried: Instant,
    trial: TrialSlot,
}

#[derive(Debug)]
enum TrialSlot {
    Free,
    Taken,
}

/// What a request was let through as.
#[derive(Debug)]
pub(crate) struct Pass {
    kind: Kind,
    era: u64,
    /// Decides how long the breaker stays open, should this request open it.
    jitter: u64,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Ordinary,
    Trial,
    LastResort,
}

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything.
    Closed,
    /// Nothing.
    Open,
    /// One trial.
    HalfOpen,
}

impl BreakerState {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl Default for Phase {
    fn default() -> Self {
        Self::Closed(None)
    }
}

impl Breaker {
    /// What it lets through now.
    #[must_use]
    pub fn state(&self, now: Instant) -> BreakerState {
        match &self.phase {
            Phase::Closed(_) => BreakerState::Closed,
            Phase::Open(opening) if now < opening.until => BreakerState::Open,
            Phase::Open(_) => BreakerState::HalfOpen,
        }
    }

    /// Whether a request may be sent now.
    #[must_use]
    pub fn ready(&self, now: Instant) -> Ready {
        match &self.phase {
            Phase::Closed(recovery) => Ready::Now { share: share(recovery.as_ref(), now) },
            Phase::Open(opening) => opening.ready(now),
        }
    }

    /// Lets a request through, if [`Self::ready`] says that it may be sent, and takes the one place there is while it
    /// is open.
    pub(crate) fn begin(&mut self, now: Instant, dice: Dice<'_>) -> Option<Pass> {
        let ready = self.ready(now);
        let kind = match &mut self.phase {
            Phase::Closed(_) => Kind::Ordinary,
            Phase::Open(opening) => opening.begin(ready, now)?,
        };
        Some(Pass { kind, era: self.era, jitter: dice() })
    }

    /// Notes that an answer began, with which a trial has gone well, long though the answer may be. If it breaks off,
    /// the trial has failed after all.
    pub(crate) fn answer_began(&mut self, pass: &mut Pass, now: Instant) {
        if pass.era != self.era {
            return;
        }
        match (&self.phase, pass.kind) {
            (Phase::Closed(_), _) | (Phase::Open(_), Kind::Ordinary) => return,
            (Phase::Open(_), Kind::Trial | Kind::LastResort) => self.recover(pass.kind, now),
        }
        if matches!(self.phase, Phase::Closed(_)) {
            pass.kind = Kind::Trial;
            pass.era = self.era;
        }
    }

    /// Notes what came of a request.
    pub(crate) fn end(&mut self, pass: Pass, outcome: Outcome, now: Instant) {
        if pass.era != self.era {
            return;
        }
        match (outcome, &self.phase, pass.kind) {
            (Outcome::Answered, Phase::Closed(_), _) => {
                self.in_a_row = 0;
                self.recent.answered(now);
            }
            (Outcome::Answered, Phase::Open(_), kind) => self.recover(kind, now),
            (Outcome::Failed, _, Kind::Trial) => {
                self.open(self.failed_trials() + 1, pass.jitter, now)
            }
            (Outcome::Failed, Phase::Closed(_), Kind::Ordinary | Kind::LastResort) => {
                self.in_a_row += 1;
                self.recent.failed(now);
                if self.in_a_row >= IN_A_ROW || self.recent.are_mostly_failures() {
                    self.open(0, pass.jitter, now);
                }
            }
            (Outcome::Failed, Phase::Open(_), Kind::Ordinary | Kind::LastResort) => {}
            (Outcome::Abandoned, _, _) => self.abandon(&pass),
        }
    }

    /// Notes that nobody knows what came of a request: its place is free again.
    pub(crate) fn abandon(&mut self, pass: &Pass) {
        match (&mut self.phase, pass.kind) {
            (Phase::Open(opening), Kind::Trial) if pass.era == self.era => {
                opening.trial = TrialSlot::Free;
            }
            (Phase::Open(_) | Phase::Closed(_), _) => {}
        }
    }

    /// Closes; but a last resort's answer doesn't before the shortest time is over, and only ends the time by then.
    fn recover(&mut self, kind: Kind, now: Instant) {
        if let (Phase::Open(opening), Kind::LastResort) = (&mut self.phase, kind) {
            let earliest = opening.since + SHORTEST;
            if now < earliest {
                opening.until = opening.until.min(earliest);
                return;
            }
        }
        let failed_trials = self.failed_trials();
        self.begin_era(Phase::Closed(Some(Recovery { since: now, failed_trials })));
    }

    const fn failed_trials(&self) -> u32 {
        match &self.phase {
            Phase::Closed(None) => 0,
            Phase::Closed(Some(recovery)) => recovery.failed_trials,
            Phase::Open(opening) => opening.failed_trials,
        }
    }

    fn open(&mut self, failed_trials: u32, jitter: u64, now: Instant) {
        let until = now + time_open(failed_trials, jitter);
        let trial = TrialSlot::Free;
        self.begin_era(Phase::Open(Opening {
            since: now,
            until,
            failed_trials,
            tried: now,
            trial,
        }));
    }

    fn begin_era(&mut self, phase: Phase) {
        *self = Self { era: self.era + 1, phase, ..Self::default() };
    }
}

impl Opening {
    fn ready(&self, now: Instant) -> Ready {
        let next = self.tried + LAST_RESORT_EVERY;
        if now < next {
            return Ready::Not { until: next };
        }
        match self.trial {
            TrialSlot::Free if now >= self.until => Ready::Now { share: 1.0 },
            TrialSlot::Free | TrialSlot::Taken => Ready::LastResort,
        }
    }

    fn begin(&mut self, ready: Ready, now: Instant) -> Option<Kind> {
        let kind = match ready {
            Ready::Now { .. } => Kind::Trial,
            Ready::LastResort => Kind::LastResort,
            Ready::Not { .. } => return None,
        };
        if matches!(kind, Kind::Trial) {
            self.trial = TrialSlot::Taken;
        }
        self.tried = now;
        Some(kind)
    }
}

/// How long it stays open: doubled for each failed trial, and up to a fifth longer, so that many don't try at once.
fn time_open(failed_trials: u32, jitter: u64) -> Duration {
    let least = SHORTEST.saturating_mul(1 << failed_trials.min(8)).min(LONGEST);
    let most_more_us = u64::try_from((least / 5).as_micros()).unwrap_or(u64::MAX - 1);
    least + Duration::from_micros(jitter % (most_more_us + 1))
}

fn share(recovery: Option<&Recovery>, now: Instant) -> f64 {
    let Some(recovery) = recovery else { return 1.0 };
    let passed =
        now.saturating_duration_since(recovery.since).as_secs_f64() / SLOW_START.as_secs_f64();
    (FIRST_SHARE + (1.0 - FIRST_SHARE) * passed).min(1.0)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Breaker, BreakerState, Pass, time_open};
    use crate::{Outcome, Ready};

    fn at(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    fn begin(breaker: &mut Breaker, now: Instant) -> Option<Pass> {
        breaker.begin(now, &mut || 0)
    }

    fn run(breaker: &mut Breaker, outcome: Outcome, now: Instant) {
        let pass = begin(breaker, now).unwrap();
        breaker.end(pass, outcome, now);
    }

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            run(&mut breaker, Outcome::Failed, now);
        }
        assert_eq!(breaker.state(now), BreakerState::Open);
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it() {
        use Outcome::{Abandoned, Answered, Failed};
        let check = |outcomes: &[Outcome], expected: BreakerState| {
            let now = Instant::now();
            let mut breaker = Breaker::default();
            for outcome in outcomes {
                run(&mut breaker, *outcome, now);
            }
            assert_eq!(breaker.state(now), expected, "{outcomes:?}");
        };
        check(&[Failed; 4], BreakerState::Closed);
        check(&[Failed; 5], BreakerState::Open);
        check(&[Failed, Failed, Failed, Failed, Answered, Failed], BreakerState::Closed);
        check(&[Failed, Failed, Abandoned, Failed, Failed, Failed], BreakerState::Open);
        check(&[Answered; 30], BreakerState::Closed);
        check(&[Abandoned; 30], BreakerState::Closed);
    }

    #[test]
    fn half_of_twenty_outcomes_open_it() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for round in 0..20 {
            assert_eq!(breaker.state(now), BreakerState::Closed, "{round}");
            let outcome = if round % 2 == 0 { Outcome::Answered } else { Outcome::Failed };
            run(&mut breaker, outcome, now);
        }
        assert_eq!(breaker.state(now), BreakerState::Open);
    }

    #[test]
    fn open_is_a_last_resort_once_in_a_second() {
        let start = Instant::now();
        let mut breaker = opened(start);
        assert_eq!(breaker.ready(start), Ready::Not { until: at(start, 1000) });
        assert_eq!(breaker.ready(at(start, 1000)), Ready::LastResort);
        let first = begin(&mut breaker, at(start, 1000));
        assert!(first.is_some() && begin(&mut breaker, at(start, 1999)).is_none());
        assert!(begin(&mut breaker, at(start, 2000)).is_some());
    }

    #[test]
    fn after_five_seconds_one_trial_runs_at_a_time() {
        let start = Instant::now();
        let mut breaker = opened(start);
        assert_eq!(breaker.state(at(start, 4999)), BreakerState::Open);
        assert_eq!(breaker.state(at(start, 5000)), BreakerState::HalfOpen);
        assert_eq!(breaker.ready(at(start, 5000)), Ready::Now { share: 1.0 });
        let trial = begin(&mut breaker, at(start, 5000)).unwrap();
        assert_eq!(breaker.ready(at(start, 5000)), Ready::Not { until: at(start, 6000) });
        assert_eq!(breaker.ready(at(start, 6000)), Ready::LastResort);

        breaker.abandon(&trial);
        assert_eq!(breaker.ready(at(start, 6000)), Ready::Now { share: 1.0 });
    }

    #[test]
    fn a_failed_trial_doubles_the_time_and_a_good_one_starts_slowly() {
        let start = Instant::now();
        let mut breaker = opened(start);
        run(&mut breaker, Outcome::Failed, at(start, 5000));
        assert_eq!(breaker.state(at(start, 14_999)), BreakerState::Open);
        assert_eq!(breaker.state(at(start, 15_000)), BreakerState::HalfOpen);

        run(&mut breaker, Outcome::Answered, at(start, 15_000));
        assert_eq!(breaker.ready(at(start, 15_000)), Ready::Now { share: 0.1 });
        assert_eq!(breaker.ready(at(start, 20_000)), Ready::Now { share: 0.55 });
        assert_eq!(breaker.ready(at(start, 25_000)), Ready::Now { share: 1.0 });

        for _ in 0..5 {
            run(&mut breaker, Outcome::Failed, at(start, 30_000));
        }
        assert_eq!(breaker.state(at(start, 35_000)), BreakerState::HalfOpen, "5 s again");
    }

    #[test]
    fn the_beginning_of_an_answer_closes_it_and_its_breaking_off_opens_it_again() {
        let check = |outcome, expected_after_10s| {
            let start = Instant::now();
            let mut breaker = opened(start);
            let mut trial = begin(&mut breaker, at(start, 5000)).unwrap();
            breaker.answer_began(&mut trial, at(start, 5000));
            assert_eq!(breaker.state(at(start, 5000)), BreakerState::Closed);
            breaker.end(trial, outcome, at(start, 6000));
            assert_eq!(breaker.state(at(start, 15_999)), expected_after_10s, "{outcome:?}");
        };
        check(Outcome::Answered, BreakerState::Closed);
        check(Outcome::Abandoned, BreakerState::Closed);
        check(Outcome::Failed, BreakerState::Open);
    }

    #[test]
    fn a_trial_that_breaks_off_doubles_the_time_too() {
        let start = Instant::now();
        let mut breaker = opened(start);
        run(&mut breaker, Outcome::Failed, at(start, 5000)); // open until 15 s
        let mut trial = begin(&mut breaker, at(start, 15_000)).unwrap();
        breaker.answer_began(&mut trial, at(start, 15_000));
        breaker.end(trial, Outcome::Failed, at(start, 16_000));
        assert_eq!(breaker.state(at(start, 35_999)), BreakerState::Open);
        assert_eq!(breaker.state(at(start, 36_000)), BreakerState::HalfOpen);
    }

    #[test]
    fn a_last_resorts_answer_closes_it_when_five_seconds_are_over() {
        let start = Instant::now();
        let mut breaker = opened(start);
        run(&mut breaker, Outcome::Failed, at(start, 5000)); // open until 15 s
        run(&mut breaker, Outcome::Answered, at(start, 6000));
        assert_eq!(breaker.state(at(start, 9_999)), BreakerState::Open);
        assert_eq!(breaker.state(at(start, 10_000)), BreakerState::HalfOpen);

        run(&mut breaker, Outcome::Failed, at(start, 10_000)); // open until 30 s
        run(&mut breaker, Outcome::Failed, at(start, 11_000));
        assert_eq!(breaker.state(at(start, 29_999)), BreakerState::Open, "it changes nothing");
        run(&mut breaker, Outcome::Answered, at(start, 15_000));
        assert_eq!(breaker.state(at(start, 15_000)), BreakerState::Closed);
    }

    #[test]
    fn what_was_sent_before_it_opened_or_closed_says_nothing() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        let mut before = (0..20).map(|_| begin(&mut breaker, start).unwrap()).collect::<Vec<_>>();
        for _ in 0..5 {
            breaker.end(before.pop().unwrap(), Outcome::Failed, start);
        }
        breaker.end(before.pop().unwrap(), Outcome::Answered, at(start, 100));
        breaker.end(before.pop().unwrap(), Outcome::Failed, at(start, 4000));
        assert_eq!(breaker.state(at(start, 4999)), BreakerState::Open);
        assert_eq!(breaker.state(at(start, 5000)), BreakerState::HalfOpen);
        run(&mut breaker, Outcome::Answered, at(start, 5000));
        for pass in before {
            breaker.end(pass, Outcome::Failed, at(start, 5000));
        }
        assert_eq!(breaker.state(at(start, 5000)), BreakerState::Closed);
    }

    #[test]
    fn it_is_open_for_less_than_a_minute() {
        let check = |failed_trials, jitter, expected_s: f64| {
            let open = time_open(failed_trials, jitter).as_secs_f64();
            assert!((open - expected_s).abs() < 1e-9, "{open}");
        };
        check(0, 0, 5.0);
        check(0, 1_000_000, 6.0);
        check(0, 1_000_001, 5.0);
        check(1, 0, 10.0);
        check(3, 0, 40.0);
        check(4, 0, 48.0);
        check(u32::MAX, 9_600_000, 57.6);
    }
}
