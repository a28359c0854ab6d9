//! What the candidates of one simulation do, and when.

use std::time::Duration;

use canonical::{ErrorKind, Fault};

use crate::random::Random;

/// Everything that was decided before the first request came.
#[derive(Debug)]
pub struct Script {
    pub providers: Vec<Provider>,
    pub candidates: Vec<Candidate>,
    /// From then on nothing fails.
    pub faults_end: Duration,
    /// Requests come so far apart, on average.
    pub gap_ms: u64,
}

#[derive(Debug)]
pub struct Provider {
    /// Of each key: from when until when it is refused, if ever.
    pub refused: Vec<Option<(Duration, Duration)>>,
}

#[derive(Debug)]
pub struct Candidate {
    pub provider: usize,
    pub model: String,
    pub weight: u32,
    pub is_local: bool,
    pub concurrency: u32,
    pub cost_nano_usd: Option<u64>,
    /// What it does, each from its time on, in order.
    phases: Vec<(Duration, Behaviour)>,
}

#[derive(Clone, Copy, Debug)]
enum Behaviour {
    Answers,
    /// In every other second it fails half the time.
    Flaps,
    Fails,
    Overloaded,
    /// It is gone: nobody listens.
    Dark,
    Hangs,
    HasNoSuchModel,
    TooOften(Option<u64>),
    /// It begins an answer and breaks off.
    BreaksOff,
}

const BEHAVIOURS: [Behaviour; 16] = [
    Behaviour::Answers,
    Behaviour::Answers,
    Behaviour::Answers,
    Behaviour::Flaps,
    Behaviour::Flaps,
    Behaviour::Fails,
    Behaviour::Overloaded,
    Behaviour::Dark,
    Behaviour::Hangs,
    Behaviour::HasNoSuchModel,
    Behaviour::TooOften(None),
    Behaviour::TooOften(Some(0)),
    Behaviour::TooOften(Some(2)),
    Behaviour::TooOften(Some(20)),
    Behaviour::TooOften(Some(3600)),
    Behaviour::BreaksOff,
];

/// What a try comes to.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A first byte after `first`, and the end after `rest` more.
    Answer {
        first: Duration,
        rest: Duration,
        ending: Ending,
    },
    Fault {
        after: Duration,
        fault: Fault,
    },
}

#[derive(Clone, Copy, Debug)]
pub enum Ending {
    Whole,
    BrokenOff,
}

impl Script {
    pub fn new(random: &mut Random) -> Self {
        let is_long = random.percent(15);
        let faults_end = random.time(if is_long { 60_000..160_000 } else { 6_000..20_000 });
        let providers = (0..random.within(1..4)).map(|_| Provider::new(random, faults_end));
        let providers = providers.collect::<Vec<_>>();
        let count = random.within(2..5).max(providers.len() as u64) as usize;
        let candidates =
            (0..count).map(|number| Candidate::new(number, providers.len(), random, faults_end));
        let candidates = candidates.collect();
        let gap_ms = if is_long { 500 } else { random.one_of(&[40, 80, 150, 400]) };
        Self { providers, candidates, faults_end, gap_ms }
    }

    /// What comes of asking a candidate with a key, so long after the beginning.
    pub fn reply(
        &self,
        candidate: usize,
        key: usize,
        is_request_wrong: bool,
        now: Duration,
        random: &mut Random,
    ) -> Reply {
        let soon = random.time(1..30);
        let fault = |kind, after| Reply::Fault { after, fault: Fault::new(kind, "scripted") };
        let candidate = &self.candidates[candidate];
        let behaviour = if now < self.faults_end { candidate.at(now) } else { Behaviour::Answers };
        match behaviour {
            Behaviour::Dark => return fault(ErrorKind::Unreachable, soon),
            Behaviour::Hangs => return fault(ErrorKind::Timeout, random.time(1_000..6_000)),
            Behaviour::Overloaded => return fault(ErrorKind::Overloaded, soon),
            Behaviour::Answers
            | Behaviour::Flaps
            | Behaviour::Fails
            | Behaviour::HasNoSuchModel
            | Behaviour::TooOften(_)
            | Behaviour::BreaksOff => {}
        }
        let refused = self.providers[candidate.provider].refused[key];
        if refused.is_some_and(|(from, until)| from <= now && now < until) {
            let kind = random.one_of(&[ErrorKind::KeyRefused, ErrorKind::QuotaExhausted]);
            return fault(kind, soon);
        }
        if is_request_wrong {
            let kinds = [ErrorKind::InvalidRequest, ErrorKind::TooLarge, ErrorKind::Unprocessable];
            return fault(random.one_of(&kinds), soon);
        }
        let ending = match behaviour {
            Behaviour::Fails => return fault(ErrorKind::UpstreamFailed, soon),
            Behaviour::Flaps if now.as_secs().is_multiple_of(2) && random.percent(50) => {
                return fault(ErrorKind::UpstreamFailed, soon);
            }
            Behaviour::HasNoSuchModel => return fault(ErrorKind::NotFound, soon),
            Behaviour::TooOften(wait_s) => {
                let fault = Fault::new(ErrorKind::RateLimited, "scripted");
                let fault = fault.with_retry_after(wait_s.map(Duration::from_secs));
                return Reply::Fault { after: soon, fault };
            }
            Behaviour::BreaksOff if random.percent(70) => Ending::BrokenOff,
            Behaviour::Answers
            | Behaviour::Flaps
            | Behaviour::BreaksOff
            | Behaviour::Dark
            | Behaviour::Hangs
            | Behaviour::Overloaded => Ending::Whole,
        };
        Reply::Answer { first: random.time(20..400), rest: random.time(10..1_500), ending }
    }
}

impl Provider {
    fn new(random: &mut Random, faults_end: Duration) -> Self {
        let keys = random.within(1..4);
        let refused = (0..keys).map(|_| {
            let from = random.time(0..20_000);
            let until = (from + random.time(500..15_000)).min(faults_end);
            random.percent(40).then_some((from, until))
        });
        Self { refused: refused.collect() }
    }
}

impl Candidate {
    fn new(number: usize, providers: usize, random: &mut Random, faults_end: Duration) -> Self {
        let mut phases = Vec::new();
        let mut from = Duration::ZERO;
        while from < faults_end {
            phases.push((from, random.one_of(&BEHAVIOURS)));
            from += random.time(500..faults_end.as_millis() as u64);
        }
        // every provider has a candidate
        let provider =
            if number < providers { number } else { random.within(0..providers as u64) as usize };
        Self {
            provider,
            model: format!("model-{number}"),
            weight: random.one_of(&[0, 1, 1, 5]),
            is_local: random.percent(30),
            concurrency: random.one_of(&[1, 4, 1000]),
            cost_nano_usd: random.one_of(&[None, Some(5), Some(50)]),
            phases,
        }
    }

    fn at(&self, now: Duration) -> Behaviour {
        let begun = self.phases.iter().take_while(|(from, _)| *from <= now);
        begun.last().map_or(Behaviour::Answers, |(_, behaviour)| *behaviour)
    }
}
