//! What a key ring promises, checked from outside: by when keys are used and what they are refused for.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use routing::Blame;

use crate::tally::Tally;

const SECOND: Duration = Duration::from_secs(1);
const REFUSED: Duration = Duration::from_secs(60);
const LONGEST_REFUSED: Duration = Duration::from_secs(600);
const LONGEST_STATED: Duration = Duration::from_secs(60);

/// What was seen of one provider's keys.
#[derive(Debug)]
pub struct KeyOracle {
    keys: Vec<Key>,
    /// When a parked key was used last.
    resort: Option<Instant>,
}

#[derive(Clone, Debug, Default)]
struct Key {
    refused: Option<Refused>,
    /// By model: until when the provider said that it must not be used.
    stated: HashMap<String, Instant>,
    /// By model: since when it is parked without a stated time.
    unstated: HashMap<String, Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Refused {
    since: Instant,
    parked_for: Duration,
    tried: Instant,
}

impl Refused {
    fn is_parked(&self, now: Instant) -> bool {
        now < self.since + self.parked_for
    }
}

impl Key {
    /// Whether it is parked, or was and is on trial.
    fn is_refused(&self, now: Instant) -> bool {
        let is_so = |refused: &Refused| refused.is_parked(now) || now < refused.tried + SECOND;
        self.refused.as_ref().is_some_and(is_so)
    }

    fn is_stated(&self, model: &str, now: Instant) -> bool {
        self.stated.get(model).is_some_and(|until| now < *until)
    }

    fn is_parked(&self, model: &str, now: Instant) -> bool {
        self.is_refused(now) || self.is_stated(model, now) || self.unstated.contains_key(model)
    }
}

impl KeyOracle {
    pub fn new(keys: usize) -> Self {
        Self { keys: vec![Key::default(); keys], resort: None }
    }

    /// A key is used for a try.
    pub fn begins(&mut self, key: usize, model: &str, now: Instant, tally: &mut Tally) {
        assert!(!self.keys[key].is_stated(model, now), "a key was used before its time");
        if let Some(since) = self.keys[key].unstated.get(model) {
            assert!(now >= *since + SECOND, "a key was used again at once");
        }
        let Some(refused) = self.keys[key].refused else { return };
        assert!(now >= refused.tried + SECOND, "a refused key was used again at once");
        self.keys[key].refused = Some(Refused { tried: now, ..refused });
        if !refused.is_parked(now) {
            return;
        }
        let others = self.keys.iter().filter(|other| !other.is_parked(model, now)).count();
        assert_eq!(others, 0, "a refused key was used though another is not parked");
        if let Some(resort) = self.resort {
            assert!(now >= resort + SECOND, "last resorts {:?} apart", now - resort);
        }
        self.resort = Some(now);
        tally.key_last_resorts += 1;
    }

    pub fn fails(
        &mut self,
        key: usize,
        model: &str,
        blame: Blame,
        now: Instant,
        tally: &mut Tally,
    ) {
        let key = &mut self.keys[key];
        match blame {
            Blame::Key => {
                let again = |before: Refused| (before.parked_for * 2).min(LONGEST_REFUSED);
                if !key.refused.is_some_and(|before| before.is_parked(now)) {
                    let parked_for = key.refused.map_or(REFUSED, again);
                    key.refused = Some(Refused { since: now, parked_for, tried: now });
                }
                tally.keys_refused += 1;
            }
            Blame::Rate(Some(wait)) => {
                let is_over = key.stated.get(model).is_some_and(|until| *until <= now);
                if wait < SECOND && (is_over || key.unstated.contains_key(model)) {
                    // A wait that is none is believed once.
                    key.unstated.entry(model.to_owned()).or_insert(now);
                }
                let until = key.stated.entry(model.to_owned()).or_insert(now);
                *until = (*until).max(now + wait.min(LONGEST_STATED));
                tally.rates_stated += 1;
            }
            Blame::Rate(None) => {
                key.unstated.entry(model.to_owned()).or_insert(now);
                tally.rates_unstated += 1;
            }
            Blame::Caller | Blame::Candidate | Blame::Provider | Blame::Deadline | Blame::Ours => {}
        }
    }

    pub fn accepts(&mut self, key: usize, model: &str, begun: Instant) {
        let key = &mut self.keys[key];
        key.refused = key.refused.filter(|refused| refused.since >= begun);
        if key.stated.get(model).is_some_and(|until| *until <= begun) {
            key.stated.remove(model);
        }
        if key.unstated.get(model).is_some_and(|since| *since < begun) {
            key.unstated.remove(model);
        }
    }
}
