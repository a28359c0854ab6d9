//! One request's way over its candidates: whom to ask next, and whether to ask again.

use std::time::{Duration, Instant};

use crate::{Blame, Dice, Ready, RetryBudget, Standing, Strategy, full_jitter, order};

/// One request's way over its candidates.
#[derive(Debug)]
pub struct Run {
    strategy: Strategy,
    deadline: Instant,
    /// The candidate and the key of each try so far.
    tried: Vec<Choice>,
    /// Candidates that are not asked again, whatever their keys.
    given_up: Vec<usize>,
    failures: u32,
}

/// A candidate and one of its provider's keys, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The candidate.
    pub candidate: usize,
    /// The key.
    pub key: usize,
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Choose again after that long.
    After(Duration),
    /// Tell the caller; the word says why there is no other try.
    GiveUp(&'static str),
}

impl Run {
    /// Begins a request that must be answered before `deadline`.
    #[must_use]
    pub fn new(strategy: Strategy, deadline: Instant) -> Self {
        Self { strategy, deadline, tried: Vec::new(), given_up: Vec::new(), failures: 0 }
    }

    /// Leaves a candidate out from now on: it can't be asked this.
    pub fn pass_over(&mut self, candidate: usize) {
        self.given_up.push(candidate);
    }

    /// Chooses whom to ask next; nobody where no candidate may be asked that was not tried already.
    pub fn next(&mut self, standings: &[Standing], dice: Dice<'_>) -> Option<Choice> {
        let order = order(self.strategy, standings, dice);
        let choices = order.into_iter().filter(|candidate| !self.given_up.contains(candidate));
        let choice = choices.flat_map(|candidate| {
            let keys = standings.get(candidate).map(|standing| standing.keys.as_slice());
            keys.unwrap_or_default().iter().map(move |(key, _)| Choice { candidate, key: *key })
        });
        let mut fresh = choice.filter(|choice| !self.tried.contains(choice));
        let choice = fresh.next()?;
        drop(fresh);
        self.tried.push(choice);
        Some(choice)
    }

    /// Whether somebody may be asked who was not.
    fn has_more(&self, standings: &[Standing]) -> bool {
        standings.iter().zip(0..).any(|(standing, candidate)| {
            let is_fresh =
                |(key, _): &(usize, Ready)| !self.tried.contains(&Choice { candidate, key: *key });
            !matches!(standing.ready, Ready::Not { .. })
                && !self.given_up.contains(&candidate)
                && standing.keys.iter().any(is_fresh)
        })
    }

    /// Takes a failed try into account and says whether there may be another.
    pub fn failed(
        &mut self,
        choice: Choice,
        blame: Blame,
        standings: &[Standing],
        retries: &mut RetryBudget,
        now: Instant,
        dice: Dice<'_>,
    ) -> Verdict {
        self.failures += 1;
        match blame {
            Blame::Caller | Blame::Ours => return Verdict::GiveUp("it would fail everywhere"),
            Blame::Key | Blame::Rate(_) => {}
            Blame::Candidate | Blame::Provider => self.given_up.push(choice.candidate),
        }
        if !self.has_more(standings) {
            return Verdict::GiveUp("nobody else can be asked");
        }
        let wait = full_jitter(self.failures, dice);
        if now + wait >= self.deadline {
            return Verdict::GiveUp("the deadline is near");
        }
        if !retries.withdraw() {
            return Verdict::GiveUp("the retry budget is used up");
        }
        Verdict::After(wait)
    }
}
