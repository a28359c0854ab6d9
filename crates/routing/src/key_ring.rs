//! One provider's keys: which may be used for a model, and which are parked until when.

use std::time::{Duration, Instant};

use canonical::Fault;

use crate::{
    Blame, Ready,
    park::{Park, Why},
    standing::LAST_RESORT_EVERY,
};

/// Models for which one key is parked by itself; with one more, it is parked for all.
const MOST_PARKED_MODELS: usize = 64;

/// A stated time below this is taken at its word once. Who states it again, before the key is accepted, states nothing:
/// else every request would be tried there first, and retries would run out.
const SHORT: Duration = Duration::from_secs(1);

/// The keys of one provider, by number. A provider without keys has one that is never refused.
///
/// A refused key is parked for all models for 60 s, doubling to ten minutes; a key that was used too often for the
/// model, until the time that the provider states (a minute at most), or else for 1 s, doubling to 30 s. Where no key
/// is left, one that was parked without a stated time is the last resort, once in a second over all keys, in turn.
#[derive(Debug)]
pub struct KeyRing {
    /// Of each key.
    parks: Vec<Vec<Park>>,
    /// When a last resort was taken last.
    last_resort: Option<Instant>,
}

/// A key as people see it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyState {
    /// Why it is parked, if it is, and until when.
    pub parked: Option<ParkedBy>,
}

/// Why a key is parked.
#[derive(Clone, Debug, PartialEq)]
pub struct ParkedBy {
    /// Until when.
    pub until: Instant,
    /// For which model; all of them where none is named.
    pub model: Option<String>,
    /// What the provider said.
    pub fault: Fault,
}

/// Whether a place that only one can have was got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Slot {
    /// It is the asker's.
    Got,
    /// Another was first, or it is there no more.
    Missed,
}

impl KeyRing {
    /// Makes a ring of so many keys, none of which is parked; none at all counts as one.
    #[must_use]
    pub fn new(keys: usize) -> Self {
        Self { parks: (0..keys.max(1)).map(|_| Vec::new()).collect(), last_resort: None }
    }

    /// The keys that may be used for `model` now, in order, with how ready each is: those that aren't parked, or else
    /// the one that is the last resort. Asking this takes nothing; [`Self::begin`] does.
    #[must_use]
    pub fn usable(&self, model: &str, now: Instant) -> Vec<(usize, Ready)> {
        let ready = self.ready(model, now);
        let free = ready.clone().filter(|(_, ready)| matches!(ready, Ready::Now { .. }));
        let free = free.collect::<Vec<_>>();
        if !free.is_empty() {
            return free;
        }
        if self.last_resort.is_some_and(|last| now < last + LAST_RESORT_EVERY) {
            return Vec::new();
        }
        let resorts = ready.filter(|(_, ready)| matches!(ready, Ready::LastResort));
        resorts.min_by_key(|(key, _)| self.tried(*key, model)).into_iter().collect()
    }

    /// Notes that a key is used for a try, if [`Self::usable`] says that it may be. [`Slot::Missed`] where another took
    /// the one place that there was, or the key was parked, since this one looked: it must choose again.
    pub fn begin(&mut self, key: usize, model: &str, now: Instant) -> Slot {
        let usable = self.usable(model, now);
        let Some((_, ready)) = usable.into_iter().find(|(usable, _)| *usable == key) else {
            return Slot::Missed;
        };
        match ready {
            Ready::Now { .. } => {}
            Ready::LastResort => self.last_resort = Some(now),
            Ready::Not { .. } => return Slot::Missed,
        }
        let parks = self.parks.get_mut(key).into_iter().flatten();
        parks.filter(|park| park.concerns(model)).for_each(|park| park.try_it(now));
        Slot::Got
    }

    /// Notes what a try with a key was refused for. Anything but [`Blame::Key`] and [`Blame::Rate`] changes nothing.
    pub fn failed(&mut self, key: usize, model: &str, blame: Blame, fault: &Fault, now: Instant) {
        let why = match blame {
            Blame::Key => Why::Refused,
            Blame::Rate(Some(wait)) if wait < SHORT && self.is_known_for_its_rate(key, model) => {
                Why::UsedTooOften
            }
            Blame::Rate(Some(wait)) => Why::Stated(wait),
            Blame::Rate(None) => Why::UsedTooOften,
            Blame::Caller | Blame::Candidate | Blame::Provider | Blame::Deadline | Blame::Ours => {
                return;
            }
        };
        let Some(parks) = self.parks.get_mut(key) else { return };
        let is_known = |park: &Park| park.model.as_deref() == Some(model);
        if parks.len() >= MOST_PARKED_MODELS && !parks.iter().any(is_known) {
            parks.retain(|park| now < park.until);
        }
        let has_room = parks.len() < MOST_PARKED_MODELS || parks.iter().any(is_known);
        // 403 is also how a good key is told that this one model is not for it.
        let is_of_model = why.is_rate() || fault.upstream_status == Some(403);
        let model = (is_of_model && has_room).then_some(model);
        let same = |park: &&mut Park| {
            park.model.as_deref() == model && park.why.is_rate() == why.is_rate()
        };
        match parks.iter_mut().find(same) {
            Some(park) => park.again(why, fault, now),
            None => parks.push(Park::new(model, why, fault, now)),
        }
    }

    /// Notes that a try that began at `begun` was accepted, which frees its key and forgets how often it was refused.
    /// But it doesn't end a time that was stated, nor one that began after the try: that is the newer word.
    pub fn accepted(&mut self, key: usize, model: &str, begun: Instant) {
        self.free(key, begun, |park| park.concerns(model));
    }

    /// Notes that a key was found good at `begun` by a question that is no request: a test or a probe. It is used again
    /// for whatever it was refused for, one model included.
    pub fn is_good(&mut self, key: usize, begun: Instant) {
        self.free(key, begun, |park| park.model.is_none() || !park.why.is_rate());
    }

    fn free(&mut self, key: usize, begun: Instant, concerned: impl Fn(&Park) -> bool) {
        if let Some(parks) = self.parks.get_mut(key) {
            parks.retain(|park| !(concerned(park) && park.is_ended_by_acceptance(begun)));
        }
    }

    /// What the provider said of the keys that could serve `model`, and how long to wait: the answer for whoever
    /// can't be served meanwhile. `None` while any is usable.
    ///
    /// Where one is to be waited for and another was refused, it is the former's, and of several the one that is free
    /// first. The wait is the provider's own, be it longer than what is waited for here.
    #[must_use]
    pub fn refusal(&self, model: &str, now: Instant) -> Option<(Fault, Duration)> {
        if !self.usable(model, now).is_empty() {
            return None;
        }
        let obstacles = || self.parks.iter().filter_map(|parks| self.obstacle(parks, model, now));
        let rates = obstacles().filter(|(park, _)| park.why.is_rate());
        let (park, until) = rates.min_by_key(|(_, until)| *until).or_else(|| {
            let until = obstacles().map(|(_, until)| until).min()?;
            Some((obstacles().max_by_key(|(park, _)| park.since)?.0, until))
        })?;
        Some((park.fault.clone(), until.saturating_duration_since(now)))
    }

    /// Every key's state, in order.
    #[must_use]
    pub fn states(&self, now: Instant) -> Vec<KeyState> {
        let state = |parks: &Vec<Park>| {
            let parked = parks.iter().filter(|park| now < park.until);
            let worst = parked.max_by_key(|park| (park.model.is_none(), park.until));
            KeyState {
                parked: worst.map(|park| ParkedBy {
                    until: park.until,
                    model: park.model.clone(),
                    fault: park.fault.clone(),
                }),
            }
        };
        self.parks.iter().map(state).collect()
    }

    /// Each key by itself.
    fn ready(&self, model: &str, now: Instant) -> impl Iterator<Item = (usize, Ready)> + Clone {
        self.parks.iter().enumerate().map(move |(key, parks)| {
            let parks = parks.iter().filter(|park| park.concerns(model));
            let free = Ready::Now { share: 1.0 };
            (key, parks.fold(free, |ready, park| ready.and(park.ready(now))))
        })
    }

    /// Whether the key was used too often for the model, and not accepted since.
    fn is_known_for_its_rate(&self, key: usize, model: &str) -> bool {
        let parks = self.parks.get(key).into_iter().flatten();
        parks.into_iter().any(|park| park.why.is_rate() && park.concerns(model))
    }

    fn tried(&self, key: usize, model: &str) -> Option<Instant> {
        let parks = self.parks.get(key).into_iter().flatten();
        parks.filter(|park| park.concerns(model)).map(Park::tried).max()
    }

    /// What keeps a key from being used for longest, and until when.
    fn obstacle<'a>(
        &self,
        parks: &'a [Park],
        model: &str,
        now: Instant,
    ) -> Option<(&'a Park, Instant)> {
        let slot = self.last_resort.map_or(now, |last| last + LAST_RESORT_EVERY);
        let concerns = parks.iter().filter(|park| park.concerns(model));
        let waits = concerns.filter_map(|park| match (park.ready(now), park.why) {
            (Ready::Now { .. }, _) => None,
            (Ready::LastResort | Ready::Not { .. }, Why::Stated(_)) => {
                Some((park, park.told_until()))
            }
            (Ready::LastResort | Ready::Not { .. }, Why::Refused | Why::UsedTooOften) => {
                Some((park, park.told_until().max(slot)))
            }
        });
        waits.max_by_key(|(_, until)| *until)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use canonical::{ErrorKind, Fault};

    use super::{KeyRing, MOST_PARKED_MODELS, Slot};
    use crate::{Blame, Ready};

    const S: Duration = Duration::from_secs(1);
    const NOW: Ready = Ready::Now { share: 1.0 };

    fn refused() -> Fault {
        Fault::new(ErrorKind::KeyRefused, "no such key")
    }

    fn too_often() -> Fault {
        Fault::new(ErrorKind::RateLimited, "slow down")
    }

    #[test]
    fn a_refused_key_is_parked_for_all_models_and_a_rate_for_one() {
        let now = Instant::now();
        let mut ring = KeyRing::new(2);
        ring.failed(0, "m", Blame::Rate(Some(30 * S)), &too_often(), now);
        assert_eq!(ring.usable("m", now), [(1, NOW)]);
        assert_eq!(ring.usable("n", now), [(0, NOW), (1, NOW)]);

        ring.failed(1, "n", Blame::Key, &refused(), now);
        assert_eq!(ring.usable("n", now), [(0, NOW)]);
        assert_eq!(ring.usable("m", now), []);
        assert_eq!(ring.usable("m", now + S), [(1, Ready::LastResort)]);
        assert_eq!(ring.usable("m", now + 30 * S), [(0, NOW)]);
        let parked = ring.states(now).into_iter().map(|state| state.parked.unwrap());
        let parked = parked.map(|by| (by.model, by.until.duration_since(now))).collect::<Vec<_>>();
        assert_eq!(parked, [(Some("m".to_owned()), 30 * S), (None, 60 * S)]);
    }

    #[test]
    fn what_is_not_the_keys_fault_parks_nothing() {
        let now = Instant::now();
        let mut ring = KeyRing::new(1);
        let harmless =
            [Blame::Caller, Blame::Candidate, Blame::Provider, Blame::Deadline, Blame::Ours];
        for blame in harmless.into_iter().chain([Blame::Rate(Some(Duration::ZERO))]) {
            ring.failed(0, "m", blame, &refused(), now);
            assert_eq!(ring.usable("m", now), [(0, NOW)], "{blame:?}");
        }
        ring.failed(0, "m", Blame::Rate(None), &too_often(), now);
        ring.failed(0, "m", Blame::Rate(Some(Duration::ZERO)), &too_often(), now);
        assert_eq!(ring.usable("m", now), [], "nor does it free a key");
    }

    #[test]
    fn no_wait_at_all_is_believed_once() {
        let now = Instant::now();
        for wait in [Duration::ZERO, S / 10] {
            let mut ring = KeyRing::new(1);
            ring.failed(0, "m", Blame::Rate(Some(wait)), &too_often(), now);
            assert_eq!(ring.usable("m", now + wait), [(0, NOW)], "{wait:?}, once");
            ring.failed(0, "m", Blame::Rate(Some(wait)), &too_often(), now + wait);
            assert_eq!(ring.usable("m", now + wait), [], "{wait:?}, again");
            assert_eq!(ring.usable("m", now + wait + S), [(0, NOW)]);
            ring.accepted(0, "m", now + wait + S);
            ring.failed(0, "m", Blame::Rate(Some(wait)), &too_often(), now + 2 * S);
            assert_eq!(ring.usable("m", now + 2 * S + wait), [(0, NOW)], "{wait:?}, anew");
        }
    }

    #[test]
    fn last_resorts_take_turns_once_in_a_second() {
        let now = Instant::now();
        let mut ring = KeyRing::new(2);
        ring.failed(0, "m", Blame::Key, &refused(), now);
        ring.failed(1, "m", Blame::Key, &refused(), now);
        assert_eq!(ring.begin(0, "m", now), Slot::Missed);
        let resort = |ring: &KeyRing, at| ring.usable("m", at).first().map(|(key, _)| *key);
        assert_eq!(ring.begin(0, "m", now + S), Slot::Got);
        assert_eq!(resort(&ring, now + S), None);
        assert_eq!(ring.begin(1, "m", now + S), Slot::Missed);
        assert_eq!(resort(&ring, now + 2 * S), Some(1));
        assert_eq!(ring.begin(1, "m", now + 2 * S), Slot::Got);
        assert_eq!(resort(&ring, now + 3 * S), Some(0));
    }

    #[test]
    fn a_stated_time_is_no_last_resort_and_an_unstated_one_is() {
        let now = Instant::now();
        let check = |blame, at, expected: &[(usize, Ready)]| {
            let mut ring = KeyRing::new(1);
            ring.failed(0, "m", blame, &too_often(), now);
            ring.failed(0, "m", blame, &too_often(), now + S);
            assert_eq!(ring.usable("m", now + at), expected, "{blame:?} {at:?}");
        };
        check(Blame::Rate(Some(3600 * S)), 30 * S, &[]);
        check(Blame::Rate(Some(3600 * S)), 60 * S, &[]);
        check(Blame::Rate(Some(3600 * S)), 61 * S, &[(0, NOW)]);
        check(Blame::Rate(None), S, &[]);
        check(Blame::Rate(None), 2 * S, &[(0, Ready::LastResort)]);
        check(Blame::Rate(None), 3 * S, &[(0, NOW)]);
    }

    #[test]
    fn after_its_time_a_key_is_tried_once_in_a_second_until_it_is_accepted() {
        let now = Instant::now();
        let mut ring = KeyRing::new(2);
        ring.failed(0, "m", Blame::Key, &refused(), now);
        let later = now + 60 * S;
        assert_eq!(ring.begin(0, "m", later), Slot::Got);
        assert_eq!(ring.usable("m", later), [(1, NOW)]);
        assert_eq!(ring.begin(0, "m", later), Slot::Missed);
        assert_eq!(ring.usable("m", later + S), [(0, NOW), (1, NOW)]);

        ring.accepted(0, "m", later);
        assert_eq!(ring.begin(0, "m", later), Slot::Got);
        assert_eq!(ring.begin(0, "m", later), Slot::Got);
    }

    #[test]
    fn acceptance_frees_a_key_unless_it_is_the_older_word_or_the_time_was_stated() {
        let now = Instant::now();
        let check = |blame, begun, expected| {
            let mut ring = KeyRing::new(2);
            ring.failed(0, "m", blame, &refused(), now);
            ring.accepted(0, "m", begun);
            let first = ring.usable("m", now + S / 2).first().map(|(key, _)| *key);
            assert_eq!(first, Some(if expected { 0 } else { 1 }), "{blame:?}");
        };
        check(Blame::Key, now + S / 4, true);
        check(Blame::Key, now - S / 4, false);
        check(Blame::Rate(None), now + S / 4, true);
        check(Blame::Rate(None), now - S / 4, false);
        check(Blame::Rate(Some(S)), now + S / 4, false);
    }

    #[test]
    fn acceptance_forgets_how_often_it_was_refused() {
        let now = Instant::now();
        let until = |ring: &KeyRing, at| ring.states(at)[0].parked.clone().map(|by| by.until);
        let mut ring = KeyRing::new(1);
        ring.failed(0, "m", Blame::Key, &refused(), now);
        ring.failed(0, "m", Blame::Key, &refused(), now + 60 * S);
        assert_eq!(until(&ring, now + 60 * S), Some(now + 180 * S));
        ring.accepted(0, "m", now + 61 * S);
        assert_eq!(until(&ring, now + 61 * S), None);
        ring.failed(0, "m", Blame::Key, &refused(), now + 62 * S);
        assert_eq!(until(&ring, now + 62 * S), Some(now + 122 * S));
    }

    #[test]
    fn a_refusal_repeats_the_provider_and_tells_the_true_wait() {
        let now = Instant::now();
        let check = |faults: &[(usize, Blame, Fault)], at, expected: Option<(&str, Duration)>| {
            let mut ring = KeyRing::new(2);
            for (key, blame, fault) in faults {
                ring.failed(*key, "m", *blame, fault, now);
            }
            let refusal = ring.refusal("m", now + at);
            let refusal = refusal.as_ref().map(|(fault, wait)| (fault.public.as_str(), *wait));
            assert_eq!(refusal, expected, "{faults:?}");
        };
        let key = |number| (number, Blame::Key, refused());
        let rate = |number, wait| (number, Blame::Rate(Some(wait)), too_often());
        check(&[], S, None);
        check(&[key(0)], S / 2, None);
        check(&[key(0), key(1)], S / 4, Some(("no such key", 3 * S / 4)));
        check(&[key(0), key(1)], S, None);
        check(&[rate(0, 3600 * S), rate(1, 1800 * S)], S, Some(("slow down", 1799 * S)));
        check(&[key(0), rate(1, 20 * S)], S / 2, Some(("slow down", 39 * S / 2)));
        check(&[rate(0, 3600 * S), rate(1, 1800 * S)], 60 * S, None);
    }

    #[test]
    fn parked_models_are_bounded_and_one_more_parks_the_key() {
        let now = Instant::now();
        let mut ring = KeyRing::new(1);
        let mut park = |number: usize, at| {
            ring.failed(0, &format!("m{number}"), Blame::Rate(Some(9 * S)), &too_often(), at);
            (ring.parks[0].len(), ring.usable("other", at).len())
        };
        for number in 0..MOST_PARKED_MODELS {
            assert_eq!(park(number, now), (number + 1, 1));
        }
        assert_eq!(park(0, now), (MOST_PARKED_MODELS, 1), "known already");
        for number in 1000..1100 {
            assert_eq!(park(number, now), (MOST_PARKED_MODELS + 1, 0));
        }
        assert_eq!(park(2000, now + 9 * S), (1, 1), "those that are over make room");
    }

    #[test]
    fn a_good_test_frees_a_key_that_one_model_was_refused_with() {
        let now = Instant::now();
        let mut ring = KeyRing::new(1);
        let mut fault = too_often();
        fault.upstream_status = Some(403);
        ring.failed(0, "m", Blame::Key, &fault, now);
        assert!(ring.usable("m", now).is_empty());
        assert!(!ring.usable("other", now).is_empty(), "it is for one model");
        ring.is_good(0, now + Duration::from_millis(1));
        assert!(!ring.usable("m", now).is_empty());
    }
}
