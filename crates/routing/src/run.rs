//! One request's way over its candidates: whom to ask next, and whether to ask again.

use std::time::{Duration, Instant};

use crate::{Blame, Dice, Ready, RetryBudget, Standing, Strategy, full_jitter, order};

/// One request's way over its candidates. It never asks the same candidate with the same key twice, nor a candidate
/// that failed for reasons that no key changes, nor anybody once an answer has begun.
#[derive(Debug)]
pub struct Run {
    strategy: Strategy,
    deadline: Instant,
    /// The candidate and the key of each try so far.
    tried: Vec<Choice>,
    /// Candidates that are not asked again, whatever their keys.
    given_up: Vec<usize>,
    failures: u32,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Awaited,
    Begun,
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
        Self {
            strategy,
            deadline,
            tried: Vec::new(),
            given_up: Vec::new(),
            failures: 0,
            answer: Answer::Awaited,
        }
    }

    /// Leaves a candidate out from now on: it can't be asked this.
    pub fn pass_over(&mut self, candidate: usize) {
        self.given_up.push(candidate);
    }

    /// Chooses whom to ask next; nobody where no candidate may be asked that was not tried already. A last resort is
    /// chosen where nobody else is left.
    pub fn next(&mut self, standings: &[Standing], dice: Dice<'_>) -> Option<Choice> {
        if matches!(self.answer, Answer::Begun) {
            return None;
        }
        let mut resort = None;
        let mut chosen = None;
        for (choice, ready) in order(self.strategy, standings, dice)
            .into_iter()
            .filter_map(|candidate| Some((candidate, standings.get(candidate)?)))
            .flat_map(|(candidate, standing)| self.fresh(candidate, standing))
        {
            match ready {
                Ready::Now { .. } => {
                    chosen = Some(choice);
                    break;
                }
                Ready::LastResort => resort = resort.or(Some(choice)),
                Ready::Not { .. } => {}
            }
        }
        let choice = chosen.or(resort)?;
        self.tried.push(choice);
        Some(choice)
    }

    /// Notes that a choice was not tried after all, since another request took the place that there was. The standings
    /// must be read anew before choosing again.
    pub fn missed(&mut self, choice: Choice) {
        self.tried.retain(|tried| *tried != choice);
    }

    /// Notes that the caller is given the beginning of an answer: from then on nobody else is asked.
    pub fn answer_began(&mut self) {
        self.answer = Answer::Begun;
    }

    /// Takes a failed try into account and says whether there may be another. The standings are those after the
    /// failure; where nobody is left to ask, no retry is taken out of the budget.
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
            Blame::Deadline => return Verdict::GiveUp("the deadline is over"),
            Blame::Key | Blame::Rate(_) => {}
            Blame::Candidate | Blame::Provider => self.given_up.push(choice.candidate),
        }
        if matches!(self.answer, Answer::Begun) {
            return Verdict::GiveUp("the answer had begun");
        }
        let mut standings = standings.iter().enumerate();
        if !standings.any(|(number, standing)| self.fresh(number, standing).next().is_some()) {
            return Verdict::GiveUp("nobody is left to ask");
        }
        let left = self.deadline.saturating_duration_since(now);
        if left.is_zero() {
            return Verdict::GiveUp("the deadline is over");
        }
        if !retries.withdraw() {
            return Verdict::GiveUp("the retry budget is used up");
        }
        Verdict::After(full_jitter(self.failures, dice).min(left / 2))
    }

    /// The ways to ask a candidate that may be gone now and were not yet.
    fn fresh<'a>(
        &'a self,
        candidate: usize,
        standing: &'a Standing,
    ) -> impl Iterator<Item = (Choice, Ready)> + use<'a> {
        let is_given_up = self.given_up.contains(&candidate);
        let keys = standing.keys.iter().filter(move |_| !is_given_up);
        keys.filter_map(move |(key, ready)| {
            let choice = Choice { candidate, key: *key };
            let ready = standing.ready.and(*ready);
            (ready.is_possible() && !self.tried.contains(&choice)).then_some((choice, ready))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Choice, Run, Verdict};
    use crate::{Blame, Ready, RetryBudget, Standing, Strategy};

    const NOW: Ready = Ready::Now { share: 1.0 };
    const MINUTE: Duration = Duration::from_secs(60);

    fn standing(ready: Ready, keys: &[Ready]) -> Standing {
        Standing {
            ready,
            keys: keys.iter().copied().enumerate().collect(),
            weight: 1,
            is_local: false,
            in_flight: 0,
            is_full: false,
            expected: Duration::ZERO,
            cost_nano_usd: None,
        }
    }

    fn run(now: Instant) -> Run {
        Run::new(Strategy::Priority, now + MINUTE)
    }

    fn next(run: &mut Run, standings: &[Standing]) -> Option<(usize, usize)> {
        run.next(standings, &mut || 0).map(|choice| (choice.candidate, choice.key))
    }

    /// Fails as often as there is somebody to ask, always for the same reason, and tells who was asked.
    fn asked(standings: &[Standing], blame: Blame) -> Vec<(usize, usize)> {
        let now = Instant::now();
        let (mut run, mut retries) = (run(now), RetryBudget::default());
        let mut asked = Vec::new();
        while let Some(choice) = run.next(standings, &mut || 0) {
            asked.push((choice.candidate, choice.key));
            match run.failed(choice, blame, standings, &mut retries, now, &mut || 0) {
                Verdict::After(_) => {}
                Verdict::GiveUp(_) => break,
            }
        }
        asked
    }

    #[test]
    fn nobody_is_asked_twice() {
        let standings = [standing(NOW, &[NOW, NOW]), standing(NOW, &[NOW])];
        let check = |blame, expected: &[(usize, usize)]| {
            assert_eq!(asked(&standings, blame), expected, "{blame:?}");
        };
        check(Blame::Caller, &[(0, 0)]);
        check(Blame::Ours, &[(0, 0)]);
        check(Blame::Deadline, &[(0, 0)]);
        check(Blame::Key, &[(0, 0), (0, 1), (1, 0)]);
        check(Blame::Rate(Some(Duration::ZERO)), &[(0, 0), (0, 1), (1, 0)]);
        check(Blame::Candidate, &[(0, 0), (1, 0)]);
        check(Blame::Provider, &[(0, 0), (1, 0)]);
    }

    #[test]
    fn last_resorts_are_asked_when_nobody_else_is_left() {
        let not = Ready::Not { until: Instant::now() };
        let standings = [
            standing(Ready::LastResort, &[NOW]),
            standing(NOW, &[Ready::LastResort, NOW]),
            standing(NOW, &[not]),
            standing(not, &[NOW]),
        ];
        assert_eq!(asked(&standings, Blame::Key), [(1, 1), (1, 0), (0, 0)]);
        assert_eq!(asked(&standings, Blame::Provider), [(1, 1), (0, 0)]);
    }

    #[test]
    fn what_was_missed_may_be_chosen_again() {
        let mut run = run(Instant::now());
        let standings = [standing(NOW, &[NOW])];
        assert_eq!(next(&mut run, &standings), Some((0, 0)));
        assert_eq!(next(&mut run, &standings), None);
        run.missed(Choice { candidate: 0, key: 0 });
        assert_eq!(next(&mut run, &standings), Some((0, 0)));
    }

    #[test]
    fn once_an_answer_began_nobody_else_is_asked() {
        let now = Instant::now();
        let (mut run, mut retries) = (run(now), RetryBudget::default());
        let standings = [standing(NOW, &[NOW]), standing(NOW, &[NOW])];
        let choice = run.next(&standings, &mut || 0).unwrap();
        run.answer_began();
        let verdict = run.failed(choice, Blame::Provider, &standings, &mut retries, now, &mut || 0);
        assert_eq!(verdict, Verdict::GiveUp("the answer had begun"));
        assert_eq!(next(&mut run, &standings), None);
    }

    #[test]
    fn a_retry_needs_somebody_to_ask_time_and_budget() {
        let now = Instant::now();
        let spent = || {
            let mut retries = RetryBudget::default();
            while retries.withdraw() {}
            retries
        };
        let two = [standing(NOW, &[NOW]), standing(NOW, &[NOW])];
        let check = |standings: &[Standing], mut retries: RetryBudget, passed, expected| {
            let mut run = run(now);
            let choice = run.next(standings, &mut || 0).unwrap();
            let before = retries.left();
            let at = now + passed;
            let blame = Blame::Provider;
            let verdict = run.failed(choice, blame, standings, &mut retries, at, &mut || 20_000);
            assert_eq!(verdict, expected);
            let taken = u32::from(matches!(verdict, Verdict::After(_)));
            assert_eq!(before - retries.left(), taken, "a retry that isn't made costs nothing");
        };
        let after = |ms| Verdict::After(Duration::from_millis(ms));
        let full = RetryBudget::default;
        check(&two, full(), Duration::ZERO, after(20));
        check(&two[..1], full(), Duration::ZERO, Verdict::GiveUp("nobody is left to ask"));
        check(&two, full(), MINUTE, Verdict::GiveUp("the deadline is over"));
        check(&two, full(), MINUTE - Duration::from_millis(10), after(5));
        check(&two, spent(), Duration::ZERO, Verdict::GiveUp("the retry budget is used up"));
    }
}
