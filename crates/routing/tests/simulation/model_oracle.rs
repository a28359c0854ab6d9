//! What a breaker promises, checked from outside: by when requests begin and how they end.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use routing::{BreakerState, Outcome};

use crate::tally::Tally;

const SECOND: Duration = Duration::from_secs(1);
const FAILURES: u32 = 5;
const SHORTEST: Duration = Duration::from_secs(5);

/// What was seen of one model's breaker.
#[derive(Debug, Default)]
pub struct ModelOracle {
    /// When it opened, while it is open or half open.
    opened: Option<Instant>,
    /// How often it opened or closed.
    era: u32,
    /// Failures since it closed of what was sent since.
    failures: u32,
    in_a_row: u32,
    /// What was sent last while it was open.
    sent: Option<Instant>,
    /// Tries that are half-open trials.
    trials: HashSet<u64>,
}

/// What a try was when it began.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    pub number: u64,
    era: u32,
    /// Whether its answer closed the breaker.
    has_closed: bool,
}

/// How the breaker let a try through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    Readily,
    AsLastResort,
}

impl ModelOracle {
    /// A try begins; the state is that before it.
    pub fn begins(
        &mut self,
        number: u64,
        state: BreakerState,
        through: Through,
        now: Instant,
        tally: &mut Tally,
    ) -> Begun {
        if let Some(opened) = self.opened {
            let since = |instant: Instant| now.duration_since(instant);
            assert!(since(opened) >= SECOND, "asked {:?} after opening", since(opened));
            if let Some(sent) = self.sent {
                assert!(since(sent) >= SECOND, "open, and asked again after {:?}", since(sent));
            }
            self.sent = Some(now);
            match through {
                Through::Readily => {
                    assert!(since(opened) >= SHORTEST, "a trial {:?} after opening", since(opened));
                    assert_eq!(state, BreakerState::HalfOpen);
                    assert!(self.trials.is_empty(), "two trials at a time");
                    self.trials.insert(number);
                    tally.half_open_trials += 1;
                }
                Through::AsLastResort => tally.open_last_resorts += 1,
            }
        } else {
            assert_eq!(through, Through::Readily);
        }
        Begun { number, era: self.era, has_closed: false }
    }

    /// An answer began; the state is that after it.
    pub fn first_byte(
        &mut self,
        begun: &mut Begun,
        state: BreakerState,
        now: Instant,
        tally: &mut Tally,
    ) {
        self.trials.remove(&begun.number);
        let was_current = begun.era == self.era;
        let was_open = self.opened.is_some();
        self.observe(state, None, now, tally);
        if was_current {
            begun.era = self.era;
            begun.has_closed = was_open && self.opened.is_none();
        }
    }

    /// A try ended; the state is that after it.
    pub fn ends(
        &mut self,
        begun: Begun,
        outcome: Outcome,
        state: BreakerState,
        now: Instant,
        tally: &mut Tally,
    ) {
        let was_trial = self.trials.remove(&begun.number);
        let is_current = begun.era == self.era;
        match (outcome, self.opened) {
            (Outcome::Answered, None) if is_current => self.in_a_row = 0,
            (Outcome::Failed, None) if is_current && begun.has_closed => {
                assert_eq!(state, BreakerState::Open, "the answer that closed it broke off");
                self.failures = FAILURES;
            }
            (Outcome::Failed, None) if is_current => {
                self.in_a_row += 1;
                self.failures += 1;
                assert!(
                    self.in_a_row < FAILURES || state != BreakerState::Closed,
                    "five failures in a row, and still closed"
                );
            }
            (Outcome::Failed, Some(_)) if was_trial => {
                assert_eq!(state, BreakerState::Open, "after a failed trial");
                self.opened = Some(now);
                self.era += 1;
            }
            (Outcome::Answered | Outcome::Failed | Outcome::Abandoned, _) => {}
        }
        self.observe(state, is_current.then_some(outcome), now, tally);
    }

    fn observe(
        &mut self,
        state: BreakerState,
        outcome: Option<Outcome>,
        now: Instant,
        tally: &mut Tally,
    ) {
        match (self.opened, state) {
            (None, BreakerState::Open | BreakerState::HalfOpen) => {
                assert_eq!(outcome, Some(Outcome::Failed), "it opened though nothing failed");
                assert!(self.failures >= FAILURES, "it opened after {} failures", self.failures);
                *self = Self { opened: Some(now), era: self.era + 1, ..Self::default() };
                tally.breakers_opened += 1;
            }
            (Some(opened), BreakerState::Closed) => {
                let open = now.duration_since(opened);
                assert!(open >= SHORTEST, "it was open for {open:?}");
                *self = Self { era: self.era + 1, ..Self::default() };
                tally.breakers_closed += 1;
            }
            (None, BreakerState::Closed)
            | (Some(_), BreakerState::Open | BreakerState::HalfOpen) => {}
        }
    }
}
