//! One request of the simulation: what it wants, where it stands, and what came of it.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use canonical::Fault;
use routing::{Blame, Choice, Ready, Run, Standing, Strategy, Trial};

use crate::{model_oracle::Begun, script::Ending};

#[derive(Debug)]
pub struct Request {
    /// Whom it may ask, as numbers of the script's candidates.
    pub candidates: Vec<usize>,
    pub deadline: Instant,
    pub is_wrong: bool,
    pub run: Run,
    pub step: Step,
    pub asked: Asked,
}

#[derive(Debug)]
pub enum Step {
    /// It chooses, or waits before choosing again.
    Chooses,
    /// It has chosen, and is prepared.
    Prepares(Choice),
    Waits(Try, Expected),
    Receives(Try, Ending),
    Ended,
}

#[derive(Debug)]
pub struct Try {
    pub choice: Choice,
    pub trial: Trial,
    pub at: Instant,
    pub begun: Begun,
}

/// What a try comes to in the end.
#[derive(Debug)]
pub enum Expected {
    Answer(Duration, Ending),
    Fault(Fault),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Answered,
    BrokenOff,
    Failed,
    /// Nobody could be asked at all.
    Refused,
    Left,
}

/// What a request has asked already, noted apart from its run.
#[derive(Debug, Default)]
pub struct Asked {
    pub tries: u32,
    choices: HashSet<(usize, usize)>,
    given_up: HashSet<usize>,
    answered: Vec<Choice>,
}

impl Request {
    pub fn new(candidates: Vec<usize>, strategy: Strategy, deadline: Instant) -> Self {
        Self {
            candidates,
            deadline,
            is_wrong: false,
            run: Run::new(strategy, deadline),
            step: Step::Chooses,
            asked: Asked::default(),
        }
    }
}

impl Asked {
    pub fn begins(&mut self, choice: Choice) {
        assert!(self.answered.is_empty(), "asked again after the first byte");
        assert!(!self.given_up.contains(&choice.candidate), "asked what had failed");
        assert!(self.choices.insert((choice.candidate, choice.key)), "asked twice");
        self.tries += 1;
    }

    pub fn first_byte(&mut self, choice: Choice) {
        self.answered.push(choice);
    }

    pub fn fails(&mut self, choice: Choice, blame: Blame) {
        if matches!(blame, Blame::Provider | Blame::Candidate) {
            self.given_up.insert(choice.candidate);
        }
    }

    /// Whether there is anybody that may be asked and was not; the worst that is accepted says how.
    pub fn has_left(&self, standings: &[Standing], worst: Ready) -> bool {
        let is_good = |ready: Ready| match (ready, worst) {
            (Ready::Not { .. }, _) => false,
            (Ready::LastResort, Ready::Now { .. }) => false,
            (Ready::LastResort | Ready::Now { .. }, _) => true,
        };
        standings.iter().enumerate().any(|(candidate, standing)| {
            let fresh = |key: usize| !self.choices.contains(&(candidate, key));
            let mut keys = standing.keys.iter();
            !self.given_up.contains(&candidate)
                && is_good(standing.ready)
                && keys.any(|(key, ready)| is_good(*ready) && fresh(*key))
        })
    }
}
