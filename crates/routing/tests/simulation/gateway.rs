//! What goes on between requests and candidates, event by event.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use canonical::{ErrorKind, Fault};
use routing::{
    Blame, KeyRing, ModelState, Outcome, Ready, RetryBudget, Slot, Standing, Strategy, Verdict,
    blame,
};

use crate::{
    key_oracle::KeyOracle,
    model_oracle::{Ended, ModelOracle, Through},
    random::Random,
    request::{End, Expected, Request, Step, Try},
    script::{Ending, Reply, Script},
    tally::Tally,
};

/// After all faults have ended, each candidate is used again within this; a second passes until a request comes.
const RECOVERY: Duration = Duration::from_secs(61);

const NOW: Ready = Ready::Now { share: 1.0 };

pub struct Gateway {
    start: Instant,
    now: Instant,
    random: Random,
    script: Script,
    events: BinaryHeap<Reverse<(Instant, u64, Event)>>,
    scheduled: u64,
    requests: Vec<Request>,
    models: Vec<Arc<ModelState>>,
    rings: Vec<KeyRing>,
    retries: RetryBudget,
    model_oracles: Vec<ModelOracle>,
    key_oracles: Vec<KeyOracle>,
    /// Of each candidate: when it or a key of it failed last, and when it was used last.
    failed: Vec<Instant>,
    used: Vec<Option<Instant>>,
    tally: Tally,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives,
    /// The next step of a request, if it has made no other since.
    Chooses(usize),
    Begins(usize),
    Replies(usize),
    Ends(usize),
    Leaves(usize),
    /// The owner tests every key.
    Tests,
    /// Somebody asks a candidate first, others standing by.
    Probes(usize),
}

impl Gateway {
    pub fn new(seed: u64, start: Instant) -> Self {
        let mut random = Random::new(seed);
        let script = Script::new(&mut random);
        let keys = || script.providers.iter().map(|provider| provider.refused.len());
        let count = script.candidates.len();
        Self {
            start,
            now: start,
            events: BinaryHeap::new(),
            scheduled: 0,
            requests: Vec::new(),
            models: (0..count).map(|_| Arc::default()).collect(),
            rings: keys().map(KeyRing::new).collect(),
            retries: RetryBudget::default(),
            model_oracles: (0..count).map(|_| ModelOracle::default()).collect(),
            key_oracles: keys().map(KeyOracle::new).collect(),
            failed: vec![start; count],
            used: vec![None; count],
            tally: Tally::default(),
            random,
            script,
        }
    }

    pub fn run(mut self) -> Tally {
        self.schedule(Duration::ZERO, Event::Arrives);
        self.schedule(self.script.faults_end + Duration::from_millis(500), Event::Tests);
        for candidate in 0..self.models.len() {
            let offset = Duration::from_millis(1000 + 10 * candidate as u64);
            self.schedule(self.script.faults_end + offset, Event::Probes(candidate));
        }
        while let Some(Reverse((now, _, event))) = self.events.pop() {
            self.now = now;
            match event {
                Event::Arrives => self.arrives(),
                Event::Chooses(request) => self.chooses(request),
                Event::Begins(request) => self.begins(request),
                Event::Replies(request) => self.replies(request),
                Event::Ends(request) => self.ends(request),
                Event::Leaves(request) => self.leaves(request),
                Event::Tests => self.tests(),
                Event::Probes(candidate) => self.probes(candidate),
            }
        }
        self.must_be_at_rest();
        self.tally
    }

    fn schedule(&mut self, after: Duration, event: Event) {
        self.scheduled += 1;
        self.events.push(Reverse((self.now + after, self.scheduled, event)));
    }

    fn passed(&self) -> Duration {
        self.now.duration_since(self.start)
    }

    fn arrives(&mut self) {
        if self.passed() < self.script.faults_end {
            let gap = self.random.time(0..self.script.gap_ms * 2);
            self.schedule(gap, Event::Arrives);
        }
        let mut candidates = self.random.shuffled(self.models.len());
        if self.random.percent(25) {
            candidates.truncate(1);
        }
        let strategy = self.random.one_of(&Strategy::ALL);
        let deadline = self.now + self.random.time(500..20_000);
        let is_wrong = self.random.percent(8);
        self.receive(Request { is_wrong, ..Request::new(candidates, strategy, deadline) });
        if self.random.percent(10) {
            let after = self.random.time(0..3_000);
            self.schedule(after, Event::Leaves(self.requests.len() - 1));
        }
    }

    fn probes(&mut self, candidate: usize) {
        let last = self.failed[candidate].max(self.start + self.script.faults_end);
        if self.used[candidate].is_some_and(|used| used > last) {
            return;
        }
        assert!(self.now - last <= RECOVERY, "candidate {candidate} is not used again");
        let others = (0..self.models.len()).filter(|other| *other != candidate);
        let candidates = [candidate].into_iter().chain(others).collect();
        let deadline = self.now + Duration::from_secs(20);
        self.receive(Request::new(candidates, Strategy::Priority, deadline));
        self.schedule(Duration::from_secs(1), Event::Probes(candidate));
    }

    fn receive(&mut self, request: Request) {
        self.tally.requests += 1;
        self.retries.deposit();
        self.requests.push(request);
        self.chooses(self.requests.len() - 1);
    }

    fn standings(&self, request: usize) -> Vec<Standing> {
        let standing = |candidate: &usize| {
            let state = &self.models[*candidate];
            let candidate = &self.script.candidates[*candidate];
            Standing {
                ready: state.ready(self.now),
                keys: self.rings[candidate.provider].usable(&candidate.model, self.now),
                weight: candidate.weight,
                is_local: candidate.is_local,
                in_flight: state.in_flight(),
                is_full: state.in_flight() >= candidate.concurrency,
                expected: state.expected(self.now),
                cost_nano_usd: candidate.cost_nano_usd,
            }
        };
        self.requests[request].candidates.iter().map(standing).collect()
    }

    fn chooses(&mut self, number: usize) {
        if !matches!(self.requests[number].step, Step::Chooses) {
            return;
        }
        let standings = self.standings(number);
        let random = &mut self.random;
        let request = &mut self.requests[number];
        let Some(choice) = request.run.next(&standings, &mut || random.draw()) else {
            assert!(!request.asked.has_left(&standings, Ready::LastResort), "somebody is left");
            let end = if request.asked.tries == 0 { End::Refused } else { End::Failed };
            return self.finish(number, end);
        };
        let standing = &standings[choice.candidate];
        let key = standing.keys.iter().find(|(key, _)| *key == choice.key).expect("is usable");
        if matches!(standing.ready, Ready::LastResort) || matches!(key.1, Ready::LastResort) {
            assert!(!request.asked.has_left(&standings, NOW), "a last resort before others");
        }
        request.step = Step::Prepares(choice);
        let preparing = if random.percent(20) { random.time(0..60) } else { Duration::ZERO };
        self.schedule(preparing, Event::Begins(number));
    }

    fn begins(&mut self, number: usize) {
        let Step::Prepares(choice) = self.requests[number].step else { return };
        let candidate = self.requests[number].candidates[choice.candidate];
        let provider = self.script.candidates[candidate].provider;
        let model = &self.script.candidates[candidate].model;
        let random = &mut self.random;
        let (state, before) = (&self.models[candidate], self.models[candidate].breaker(self.now));
        let through = match state.ready(self.now) {
            Ready::Now { .. } => Through::Readily,
            Ready::LastResort | Ready::Not { .. } => Through::AsLastResort,
        };
        let request = &mut self.requests[number];
        let trial = state.begin(self.now, &mut || random.draw()).filter(|_| {
            matches!(self.rings[provider].begin(choice.key, model, self.now), Slot::Got)
        });
        let Some(trial) = trial else {
            self.tally.missed += 1;
            request.run.missed(choice);
            request.step = Step::Chooses;
            return self.chooses(number);
        };
        request.asked.begins(choice);
        let tally = &mut self.tally;
        tally.tries += 1;
        tally.retries += u64::from(request.asked.tries > 1);
        assert!(tally.retries * 10 <= tally.requests + 500, "more retries than a tenth");
        self.key_oracles[provider].begins(choice.key, model, self.now, tally);
        let try_number = tally.tries;
        let begun =
            self.model_oracles[candidate].begins(try_number, before, through, self.now, tally);
        self.used[candidate] = Some(self.now);

        let passed = self.now.duration_since(self.start);
        let reply = self.script.reply(candidate, choice.key, request.is_wrong, passed, random);
        let left = request.deadline.saturating_duration_since(self.now);
        let (after, expected) = match reply {
            Reply::Answer { first, rest, ending } => (first, Expected::Answer(rest, ending)),
            Reply::Fault { after, fault } => (after, Expected::Fault(fault)),
        };
        let (after, expected) = if after <= left {
            (after, expected)
        } else {
            (left, Expected::Fault(Fault::new(ErrorKind::Timeout, "the deadline is over")))
        };
        request.step = Step::Waits(Try { choice, trial, at: self.now, begun }, expected);
        self.schedule(after, Event::Replies(number));
    }

    fn replies(&mut self, number: usize) {
        let request = &mut self.requests[number];
        let (mut tried, expected) = match mem::replace(&mut request.step, Step::Chooses) {
            Step::Waits(tried, expected) => (tried, expected),
            other => {
                request.step = other;
                return;
            }
        };
        let (rest, ending) = match expected {
            Expected::Answer(rest, ending) => (rest, ending),
            Expected::Fault(fault) => return self.fails(number, tried, &fault),
        };
        let candidate = request.candidates[tried.choice.candidate];
        let script = &self.script.candidates[candidate];
        let (key, took) = (tried.choice.key, self.now.duration_since(tried.at));
        self.rings[script.provider].accepted(key, &script.model, tried.at);
        self.key_oracles[script.provider].accepts(key, &script.model, tried.at);
        let state = &self.models[candidate];
        state.first_byte(&mut tried.trial, took, self.now);
        let after = state.breaker(self.now);
        self.model_oracles[candidate].first_byte(
            &mut tried.begun,
            after,
            self.now,
            &mut self.tally,
        );
        request.run.answer_began();
        request.asked.first_byte(tried.choice);
        request.step = Step::Receives(tried, ending);
        self.schedule(rest, Event::Ends(number));
    }

    fn ends(&mut self, number: usize) {
        let request = &mut self.requests[number];
        match mem::replace(&mut request.step, Step::Chooses) {
            Step::Receives(tried, Ending::Whole) => {
                self.end_try(number, tried, Outcome::Answered, Ended::Well);
                self.finish(number, End::Answered);
            }
            Step::Receives(tried, Ending::BrokenOff) => {
                self.fails(number, tried, &Fault::new(ErrorKind::Truncated, "broken off"));
            }
            other => request.step = other,
        }
    }

    fn leaves(&mut self, number: usize) {
        match mem::replace(&mut self.requests[number].step, Step::Chooses) {
            Step::Waits(tried, _) | Step::Receives(tried, _) => self.abandon(number, tried),
            Step::Chooses | Step::Prepares(_) => {}
            Step::Ended => {
                self.requests[number].step = Step::Ended;
                return;
            }
        }
        self.finish(number, End::Left);
    }

    fn fails(&mut self, number: usize, tried: Try, fault: &Fault) {
        let (choice, blame) = (tried.choice, blame(fault));
        let candidate = self.requests[number].candidates[choice.candidate];
        let script = &self.script.candidates[candidate];
        let (provider, model) = (script.provider, script.model.as_str());
        self.rings[provider].failed(choice.key, model, blame, fault, self.now);
        self.key_oracles[provider].fails(choice.key, model, blame, self.now, &mut self.tally);
        let others = self.script.candidates.iter().enumerate().filter(|(other, script)| {
            *other == candidate || (blame == Blame::Key && script.provider == provider)
        });
        if blame != Blame::Caller {
            others.for_each(|(other, _)| self.failed[other] = self.now);
        }
        self.end_try(number, tried, Outcome::of(blame), Ended::with(fault.kind));

        let standings = self.standings(number);
        let (random, request) = (&mut self.random, &mut self.requests[number]);
        request.asked.fails(choice, blame);
        let before = self.retries.left();
        let dice = &mut || random.draw();
        let verdict =
            request.run.failed(choice, blame, &standings, &mut self.retries, self.now, dice);
        match verdict {
            Verdict::After(wait) => {
                assert!(self.now + wait <= request.deadline, "waits beyond the deadline");
                let has_left = request.asked.has_left(&standings, Ready::LastResort);
                assert!(has_left, "took a retry out of the budget with nobody left");
                request.step = Step::Chooses;
                self.schedule(wait, Event::Chooses(number));
            }
            Verdict::GiveUp(_) if fault.kind == ErrorKind::Truncated => {
                self.finish(number, End::BrokenOff);
            }
            Verdict::GiveUp(_) => {
                let had_time = self.now < request.deadline;
                let could_help = !matches!(blame, Blame::Caller | Blame::Ours);
                let has_left = request.asked.has_left(&standings, Ready::LastResort);
                self.tally.budget_used_up += u64::from(could_help && had_time && before == 0);
                assert!(
                    !(could_help && had_time && before > 0 && has_left),
                    "gave up though somebody was left"
                );
                self.finish(number, End::Failed);
            }
        }
    }

    fn end_try(&mut self, number: usize, tried: Try, outcome: Outcome, ended: Ended) {
        let candidate = self.requests[number].candidates[tried.choice.candidate];
        let state = &self.models[candidate];
        state.end(tried.trial, outcome, self.now);
        let after = state.breaker(self.now);
        let oracle = &mut self.model_oracles[candidate];
        oracle.ends(tried.begun, ended, after, self.now, &mut self.tally);
    }

    /// Drops what was sent, as a caller's hanging up does.
    fn abandon(&mut self, number: usize, tried: Try) {
        let candidate = self.requests[number].candidates[tried.choice.candidate];
        let Try { trial, begun, .. } = tried;
        drop(trial);
        let after = self.models[candidate].breaker(self.now);
        let oracle = &mut self.model_oracles[candidate];
        oracle.ends(begun, Ended::Otherwise, after, self.now, &mut self.tally);
    }

    fn tests(&mut self) {
        for (provider, ring) in self.rings.iter_mut().enumerate() {
            for key in 0..self.script.providers[provider].refused.len() {
                ring.accepted(key, "", self.now);
                self.key_oracles[provider].accepts(key, "", self.now);
            }
        }
    }

    fn finish(&mut self, number: usize, end: End) {
        let request = &mut self.requests[number];
        assert!(!matches!(request.step, Step::Ended), "two outcomes");
        request.step = Step::Ended;
        match end {
            End::Answered => self.tally.answered += 1,
            End::BrokenOff => self.tally.broken_off += 1,
            End::Failed => self.tally.failed += 1,
            End::Refused => self.tally.refused += 1,
            End::Left => self.tally.left += 1,
        }
    }

    /// Every request came to one end, nothing runs any more, and every candidate is used again.
    fn must_be_at_rest(&self) {
        let ended = |request: &Request| matches!(request.step, Step::Ended);
        assert!(self.requests.iter().all(ended), "a request without an outcome");
        assert!(self.models.iter().all(|model| model.in_flight() == 0), "something still runs");
        let faults_end = self.start + self.script.faults_end;
        assert!(self.used.iter().all(|used| used.is_some_and(|used| used > faults_end)));
    }
}
