//! What was seen, so that no promise is kept for want of occasion.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub requests: u64,
    pub tries: u64,
    pub retries: u64,
    pub missed: u64,
    pub answered: u64,
    pub broken_off: u64,
    pub failed: u64,
    pub refused: u64,
    pub left: u64,
    pub budget_used_up: u64,
    pub breakers_opened: u64,
    pub opened_by_share: u64,
    pub breakers_closed: u64,
    pub half_open_trials: u64,
    pub open_last_resorts: u64,
    pub keys_refused: u64,
    pub key_last_resorts: u64,
    pub rates_stated: u64,
    pub rates_unstated: u64,
}

impl Tally {
    fn parts(&self) -> [(&'static str, u64); 19] {
        [
            ("requests", self.requests),
            ("tries", self.tries),
            ("retries", self.retries),
            ("missed", self.missed),
            ("answered", self.answered),
            ("broken_off", self.broken_off),
            ("failed", self.failed),
            ("refused", self.refused),
            ("left", self.left),
            ("budget_used_up", self.budget_used_up),
            ("breakers_opened", self.breakers_opened),
            ("opened_by_share", self.opened_by_share),
            ("breakers_closed", self.breakers_closed),
            ("half_open_trials", self.half_open_trials),
            ("open_last_resorts", self.open_last_resorts),
            ("keys_refused", self.keys_refused),
            ("key_last_resorts", self.key_last_resorts),
            ("rates_stated", self.rates_stated),
            ("rates_unstated", self.rates_unstated),
        ]
    }

    pub fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            tries: self.tries + other.tries,
            retries: self.retries + other.retries,
            missed: self.missed + other.missed,
            answered: self.answered + other.answered,
            broken_off: self.broken_off + other.broken_off,
            failed: self.failed + other.failed,
            refused: self.refused + other.refused,
            left: self.left + other.left,
            budget_used_up: self.budget_used_up + other.budget_used_up,
            breakers_opened: self.breakers_opened + other.breakers_opened,
            opened_by_share: self.opened_by_share + other.opened_by_share,
            breakers_closed: self.breakers_closed + other.breakers_closed,
            half_open_trials: self.half_open_trials + other.half_open_trials,
            open_last_resorts: self.open_last_resorts + other.open_last_resorts,
            keys_refused: self.keys_refused + other.keys_refused,
            key_last_resorts: self.key_last_resorts + other.key_last_resorts,
            rates_stated: self.rates_stated + other.rates_stated,
            rates_unstated: self.rates_unstated + other.rates_unstated,
        }
    }

    pub fn must_have_seen_everything(&self) {
        for (what, count) in self.parts() {
            assert!(
                count >= 100,
                "{what} was seen only {count} times: the promises about it hold for want of occasion"
            );
        }
    }
}
