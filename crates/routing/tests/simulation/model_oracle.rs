//! What a breaker promises, checked from outside: by when requests begin and how they end.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use canonical::ErrorKind;
use routing::BreakerState;

use crate::tally::Tally;

const SECOND: Duration = Duration::from_secs(1);
const FAILURES: u32 = 5;
const SPAN: Duration = Duration::from_secs(10);
const SHORTEST: Duration = Duration::from_secs(5);

/// What was seen of one model's breaker.
#[derive(Debug, Default)]
pub struct ModelOracle {
    /// When it opened, while it is open or half open.
    opened: Option<Instant>,
    /// How often it opened or closed.
    era: u32,
    /// Failures in a row of what was sent since it closed.
    in_a_row: u32,
    /// When the requests ended that were sent since it closed, and how.
    ended: Vec<(Instant, Ended)>,
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

/// What the end of a try says of a model, as this side sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Well,
    Badly,
    /// It says nothing: a key was at fault, or nobody waited.
    Otherwise,
}

impl Ended {
    pub fn with(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidRequest | ErrorKind::TooLarge | ErrorKind::Unprocessable => {
                Self::Well
            }
            ErrorKind::UpstreamFailed
            | ErrorKind::Overloaded
            | ErrorKind::Unreachable
            | ErrorKind::Timeout
            | ErrorKind::Truncated
            | ErrorKind::Malformed => Self::Badly,
            ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::KeyRefused
            | ErrorKind::QuotaExhausted
            | ErrorKind::RateLimited
            | ErrorKind::Internal => Self::Otherwise,
        }
    }
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
        ended: Ended,
        state: BreakerState,
        now: Instant,
        tally: &mut Tally,
    ) {
        let was_trial = self.trials.remove(&begun.number);
        let is_current = begun.era == self.era;
        match (ended, self.opened) {
            (Ended::Otherwise, _) => {}
            (Ended::Badly, Some(_)) if was_trial => {
                assert_eq!(state, BreakerState::Open, "after a failed trial");
                self.opened = Some(now);
                self.era += 1;
            }
            (Ended::Badly, None) if is_current && begun.has_closed => {
                assert_eq!(state, BreakerState::Open, "the answer that closed it broke off");
                self.in_a_row = FAILURES;
            }
            (Ended::Well, None) if is_current => {
                self.in_a_row = 0;
                self.ended.push((now, ended));
            }
            (Ended::Badly, None) if is_current => {
                self.in_a_row += 1;
                self.ended.push((now, ended));
                assert!(
                    self.in_a_row < FAILURES || state != BreakerState::Closed,
                    "five failures in a row, and still closed"
                );
            }
            (Ended::Well | Ended::Badly, _) => {}
        }
        self.observe(state, is_current.then_some(ended), now, tally);
    }

    fn observe(
        &mut self,
        state: BreakerState,
        ended: Option<Ended>,
        now: Instant,
        tally: &mut Tally,
    ) {
        match (self.opened, state) {
            (None, BreakerState::Open | BreakerState::HalfOpen) => {
                assert_eq!(ended, Some(Ended::Badly), "it opened though nothing failed");
                if self.in_a_row < FAILURES {
                    assert!(self.is_half_bad(now), "it opened after {} failures", self.in_a_row);
                    tally.opened_by_share += 1;
                }
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

    /// Whether at least twenty ended lately, and about half of them badly: what counts as lately is up to a second
    /// less in the breaker, so the share is not checked to the last one.
    fn is_half_bad(&self, now: Instant) -> bool {
        let lately = self.ended.iter().filter(|(at, _)| now.duration_since(*at) <= SPAN);
        let bad = lately.clone().filter(|(_, ended)| *ended == Ended::Badly).count();
        lately.count() >= 20 && bad >= 10
    }
}
