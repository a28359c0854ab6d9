//! What changes keys and projects: made, rotated, revoked, limited.

use std::{sync::Arc, time::Duration};

use store::ProjectRow;
use vault::VirtualKey;

use crate::{
    Caller, CallerId, KeyError, KeyManager, KeyView, MadeKey, NewKey, Project, ProjectView,
    holding::{self, Holding},
    key::{Key, Standing},
    manager::seen,
    moment, name,
    record::{Origin, Record, limits_to_row},
    snapshot::Snapshot,
};

/// Keys that may stand between a key and the admin key, itself included.
const MOST_GENERATIONS: usize = 5;

/// The longest that an old key works beside the one that takes its place.
const LONGEST_OVERLAP: Duration = Duration::from_secs(30 * 24 * 3600);

/// Projects that may have limits.
const MOST_PROJECTS: usize = 10_000;

/// Keys that are forgotten at once when room is needed.
const FORGOTTEN_AT_ONCE: usize = 1_000;

impl KeyManager {
    /// Makes a key that holds at most what its maker does.
    ///
    /// # Errors
    ///
    /// Fails when a rule is broken, more is wanted than is held, or the store fails.
    pub async fn create(
        self: &Arc<Self>,
        maker: &Caller,
        new: NewKey,
    ) -> Result<MadeKey, KeyError> {
        let maker = maker.id.clone();
        self.change(move |manager, keys| {
            name::check_key(&new.name).map_err(KeyError::Invalid)?;
            let now = manager.now();
            let (origin, held) = manager.maker(keys, &maker)?;
            let holding = held.pass_on(&new)?;
            if holding.expires_at.is_some_and(|end| end <= now) {
                let sentence = "expires_at is in the past: name a time to come";
                return Err(KeyError::Invalid(sentence.to_owned()));
            }
            let forgotten = manager.make_room(keys)?;
            let key = unused(keys)?;
            let record = Record {
                id: key.id().into(),
                number: keys.next_number(),
                name: new.name,
                origin,
                holding,
                created_at: Some(now),
                revoked_at: None,
                digest: key.digest(),
                old: None,
            };
            let ids: Vec<_> = forgotten.iter().map(|id| &**id).collect();
            manager.store.insert_key(&record.to_row(), &ids)?;
            keys.forget(&forgotten);
            let made = keys.put(Arc::new(record), None);
            Ok(MadeKey { key: key.text().clone(), view: KeyView::of(&made, now) })
        })
        .await
    }

    /// Gives a key a new secret; the old one works for `overlap` more.
    ///
    /// # Errors
    ///
    /// As [`Self::show`], and when the key does not work any more, it holds more than the caller, or the store fails.
    pub async fn rotate(
        self: &Arc<Self>,
        caller: &Caller,
        id: &str,
        overlap: Duration,
    ) -> Result<MadeKey, KeyError> {
        let (caller, id) = (identity(caller), id.to_owned());
        self.change(move |manager, keys| {
            let now = manager.now();
            let key = Arc::clone(changeable(keys, &caller, &id)?);
            if !key.works(now) {
                let status = KeyView::of(&key, now).status;
                return Err(KeyError::Conflict(format!("This key is {status}: make another")));
            }
            // Whoever rotates a key holds it from then on.
            let (_, held) = manager.holder(keys, &caller.id)?;
            if !held.covers(&key.record.holding) {
                let sentence =
                    "this key holds more than yours, so you can't be given its new secret";
                return Err(KeyError::Beyond(sentence.to_owned()));
            }
            if overlap > LONGEST_OVERLAP {
                let sentence = "overlap_s is at most 2592000, which is 30 days";
                return Err(KeyError::Invalid(sentence.to_owned()));
            }
            let new = make(&id)?;
            let old = (!overlap.is_zero()).then(|| (key.record.digest, now + overlap));
            let kept = old.as_ref().map(|(old, until)| (old.as_bytes(), moment::to_ms(*until)));
            manager.store.rotate_key(&id, new.digest().as_bytes(), kept)?;
            let record = Record { digest: new.digest(), old, ..Record::clone(&key.record) };
            let rotated = keys.put(Arc::new(record), None);
            Ok(MadeKey { key: new.text().clone(), view: KeyView::of(&rotated, now) })
        })
        .await
    }

    /// Takes a key back, and with it all that were made with it.
    ///
    /// # Errors
    ///
    /// As [`Self::show`], and when the store fails.
    pub async fn revoke(self: &Arc<Self>, caller: &Caller, id: &str) -> Result<KeyView, KeyError> {
        let (caller, id) = (identity(caller), id.to_owned());
        self.change(move |manager, keys| {
            let now = manager.now();
            let key = Arc::clone(changeable(keys, &caller, &id)?);
            if key.standing == Standing::Revoked {
                return Ok(KeyView::of(&key, now));
            }
            let mut family: Vec<_> = keys
                .family(&[id.as_str()].into())
                .into_iter()
                .map(|key| Arc::clone(&key.record))
                .collect();
            family.retain(|record| record.revoked_at.is_none());
            // Makers before what they made.
            family.sort_unstable_by_key(|record| record.number);
            let ids: Vec<_> = family.iter().map(|record| &*record.id).collect();
            manager.store.revoke_keys(&ids, moment::to_ms(now))?;
            let mut revoked = key;
            for record in family {
                let is_asked_for = *record.id == *id;
                let record = Record { revoked_at: Some(now), old: None, ..Record::clone(&record) };
                let key = keys.put(Arc::new(record), None);
                if is_asked_for {
                    revoked = key;
                }
            }
            Ok(KeyView::of(&revoked, now))
        })
        .await
    }

    /// Sets what the keys of a project may use together.
    ///
    /// # Errors
    ///
    /// Fails when the name is none, the project is declared in the configuration, or the store fails.
    pub async fn set_project(
        self: &Arc<Self>,
        name: String,
        project: Project,
    ) -> Result<ProjectView, KeyError> {
        let set = name.clone();
        self.change(move |manager, keys| {
            name::check_project(&name).map_err(KeyError::Invalid)?;
            let limits = project.limits.unwrap_or_default();
            holding::check_limits(&limits).map_err(KeyError::Invalid)?;
            refuse_declared(keys, &name)?;
            if keys.project(&name).is_none() && keys.projects_len() >= MOST_PROJECTS {
                let sentence = format!("There are {MOST_PROJECTS} projects: remove one first");
                return Err(KeyError::Conflict(sentence));
            }
            let row = ProjectRow { name: name.clone(), limits: limits_to_row(&limits) };
            manager.store.set_project(&row)?;
            keys.put_project(&name, limits, None, None);
            Ok(())
        })
        .await?;
        self.show_project(&Caller::admin(), &set)
    }

    /// Takes a project's limits away; keys that belong to it still do.
    ///
    /// # Errors
    ///
    /// Fails when the project has none, is declared in the configuration, or the store fails.
    pub async fn remove_project(self: &Arc<Self>, name: String) -> Result<(), KeyError> {
        self.change(move |manager, keys| {
            refuse_declared(keys, &name)?;
            if keys.project(&name).is_none() {
                return Err(KeyError::NoSuchProject);
            }
            manager.store.delete_project(&name)?;
            keys.forget_project(&name);
            Ok(())
        })
        .await
    }

    /// Who makes a key and what may be passed on, as of now rather than as of when the request began.
    fn maker(&self, keys: &Snapshot, maker: &CallerId) -> Result<(Origin, Holding), KeyError> {
        if let CallerId::Key(id) = maker
            && keys.get(id).is_some_and(|key| key.depth + 1 >= MOST_GENERATIONS)
        {
            return Err(KeyError::Invalid(format!(
                "keys are made with keys {MOST_GENERATIONS} deep at most: use the one that made yours"
            )));
        }
        self.holder(keys, maker)
    }

    fn holder(&self, keys: &Snapshot, caller: &CallerId) -> Result<(Origin, Holding), KeyError> {
        let gone = || KeyError::Beyond("your key does not work any more".to_owned());
        match caller {
            CallerId::Admin => Ok((Origin::Admin, Holding::all())),
            CallerId::Key(id) => {
                let key = keys.get(id).filter(|key| key.works(self.now())).ok_or_else(gone)?;
                Ok((Origin::Key(Arc::clone(id)), key.record.holding.clone()))
            }
            CallerId::Nobody => Err(gone()),
        }
    }

    /// The keys to forget so that there is room for another: the earliest of those that will never work again.
    fn make_room(&self, keys: &Snapshot) -> Result<Vec<Arc<str>>, KeyError> {
        if keys.len() < self.most_keys {
            return Ok(Vec::new());
        }
        let now = self.now();
        let dead = keys.keys().into_iter().filter(|key| key.is_dead(now));
        let dead = dead.take(FORGOTTEN_AT_ONCE).map(|key| &*key.record.id).collect();
        // What a dead key made is dead too, and must not outlive it: it would have no maker.
        let ids = keys.family(&dead);
        if ids.is_empty() {
            let most = self.most_keys;
            return Err(KeyError::Conflict(format!("There are {most} keys: revoke one first")));
        }
        Ok(ids.into_iter().map(|key| Arc::clone(&key.record.id)).collect())
    }
}

/// What of a caller decides over what it sees, for a change that outlives its request.
fn identity(caller: &Caller) -> Caller {
    let grant = caller.grant.clone();
    Caller { id: caller.id.clone(), grant, ..Caller::nobody() }
}

/// The key of that id, if the caller may see it and it is not the configuration's.
fn changeable<'s>(keys: &'s Snapshot, caller: &Caller, id: &str) -> Result<&'s Arc<Key>, KeyError> {
    let key = seen(keys, caller, id)?;
    match &key.record.origin {
        Origin::Declared(place) => Err(KeyError::Conflict(format!(
            "This key is declared in the configuration ({place}): change it there"
        ))),
        Origin::Admin | Origin::Key(_) => Ok(key),
    }
}

fn refuse_declared(keys: &Snapshot, project: &str) -> Result<(), KeyError> {
    match keys.project(project).and_then(|group| group.declared_at.as_deref()) {
        Some(place) => Err(KeyError::Conflict(format!(
            "This project is declared in the configuration ({place}): change it there"
        ))),
        None => Ok(()),
    }
}

/// A new key whose id no other has.
fn unused(keys: &Snapshot) -> Result<VirtualKey, KeyError> {
    loop {
        let key = VirtualKey::make().map_err(|error| KeyError::Store(error.to_string()))?;
        if keys.get(key.id()).is_none() {
            return Ok(key);
        }
    }
}

fn make(id: &str) -> Result<VirtualKey, KeyError> {
    VirtualKey::make_for(id).map_err(|error| KeyError::Store(error.to_string()))
}
