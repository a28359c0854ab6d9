//! One key at one moment: its facts, and what follows from them and from its makers.

use std::{sync::Arc, time::SystemTime};

use limits::{Limits, Meter};

use crate::{
    Caller, CallerId,
    record::{Origin, Record},
    snapshot::Snapshot,
};

/// A key at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// Its facts.
    pub(crate) record: Arc<Record>,
    /// Whether it works, its own end aside.
    pub(crate) standing: Standing,
    /// How many makers stand between it and the admin key.
    pub(crate) depth: usize,
    /// What its requests are counted by, if it has limits.
    pub(crate) meter: Option<Arc<Meter>>,
    /// Whoever presents it.
    pub(crate) caller: Arc<Caller>,
}

/// Whether a key works, its end aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It does.
    Sound,
    /// It was taken back.
    Revoked,
    /// The key of the configuration that made it is gone from there, or holds less than it now.
    Suspended,
}

impl Key {
    /// Derives what follows from a key's facts in `snapshot`, which must hold its makers and its project already. A
    /// meter that there was stays, with what it has counted.
    pub(crate) fn derive(
        record: Arc<Record>,
        snapshot: &Snapshot,
        meter: Option<Arc<Meter>>,
    ) -> Self {
        let maker = match &record.origin {
            Origin::Key(id) => Some(snapshot.get(id)),
            Origin::Admin | Origin::Declared(_) => None,
        };
        let standing = match maker {
            _ if record.revoked_at.is_some() => Standing::Revoked,
            None => Standing::Sound,
            Some(Some(maker)) if maker.passes_on_to(&record) => Standing::Sound,
            Some(_) => Standing::Suspended,
        };
        let maker = maker.flatten();
        let meter = metered(record.holding.limits, meter);
        let project = record.holding.project.as_deref();
        let group = project.and_then(|name| snapshot.project(name));
        let makers = std::iter::successors(maker, |key| snapshot.maker_of(&key.record));
        let meters = [meter.clone()]
            .into_iter()
            .chain(makers.map(|key| key.meter.clone()))
            .chain([group.and_then(|group| group.meter.clone())]);
        let caller = Arc::new(Caller {
            id: CallerId::Key(Arc::clone(&record.id)),
            name: record.name.clone(),
            project: record.holding.project.clone(),
            grant: record.holding.grant.clone(),
            meters: meters.flatten().collect(),
        });
        Self { depth: maker.map_or(0, |maker| maker.depth + 1), record, standing, meter, caller }
    }

    /// Whether it works at that moment.
    pub(crate) fn works(&self, now: SystemTime) -> bool {
        self.standing == Standing::Sound && !self.record.has_expired(now)
    }

    /// Whether it will never work again.
    pub(crate) fn is_dead(&self, now: SystemTime) -> bool {
        let is_declared = matches!(self.record.origin, Origin::Declared(_));
        !is_declared && (self.standing == Standing::Revoked || self.record.has_expired(now))
    }

    /// Whether what it made holds no more than it does. Only a key of the configuration can come to hold less than it
    /// did when it made another.
    fn passes_on_to(&self, made: &Record) -> bool {
        self.standing == Standing::Sound
            && match self.record.origin {
                Origin::Declared(_) => self.record.holding.covers(&made.holding),
                Origin::Admin | Origin::Key(_) => true,
            }
    }
}

/// A meter of these limits: the one that there was, or a new one; none where nothing is limited.
pub(crate) fn metered(limits: Limits, old: Option<Arc<Meter>>) -> Option<Arc<Meter>> {
    if limits.is_unlimited() {
        return None;
    }
    let Some(meter) = old else { return Some(Arc::new(Meter::new(limits))) };
    if meter.limits() != limits {
        meter.set_limits(limits);
    }
    Some(meter)
}
