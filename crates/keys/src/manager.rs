//! All keys: readers look one up by what was presented; changes come one at a time, first the disk, then what shows.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use arc_swap::ArcSwap;
use grants::Scope;
use store::Store;
use vault::{AdminKey, KeyDigest, VirtualKey};

use crate::{
    Caller, CallerId, DeclaredKeys, KeyError, KeyView, ProjectView, key::Key, snapshot::Snapshot,
};

/// Keys that there may be, revoked ones included until their place is needed.
const MOST_KEYS: usize = 100_000;

/// Tells the time.
pub(crate) type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// All keys and projects.
pub struct KeyManager {
    admin: AdminKey,
    admin_caller: Arc<Caller>,
    /// What stands in for the digest of a key that there is not.
    decoy: KeyDigest,
    snapshot: ArcSwap<Snapshot>,
    /// What the configuration declares; held through each change, so that they come one at a time.
    declared: Mutex<DeclaredKeys>,
    pub(crate) store: Arc<Store>,
    pub(crate) most_keys: usize,
    clock: Clock,
}

impl KeyManager {
    /// Reads what was made.
    ///
    /// # Errors
    ///
    /// Fails when the store does.
    pub fn open(store: Arc<Store>, admin: AdminKey) -> Result<Arc<Self>, KeyError> {
        Self::open_with(store, admin, MOST_KEYS, Box::new(SystemTime::now)).map(Arc::new)
    }

    pub(crate) fn open_with(
        store: Arc<Store>,
        admin: AdminKey,
        most_keys: usize,
        clock: Clock,
    ) -> Result<Self, KeyError> {
        let (keys, projects) = store.load_keys()?;
        let declared = DeclaredKeys::default();
        let snapshot = declared.with_stored(keys, projects, &Snapshot::default())?;
        Ok(Self {
            admin,
            admin_caller: Arc::new(Caller::admin()),
            decoy: KeyDigest::of(""),
            snapshot: ArcSwap::from_pointee(snapshot),
            declared: Mutex::new(declared),
            store,
            most_keys,
            clock,
        })
    }

    /// Finds whose key `presented` is. Takes the same time whether or not there is such a key.
    #[must_use]
    pub fn find(&self, presented: &str) -> Option<Arc<Caller>> {
        let is_admin = self.admin.verify(presented);
        let digest = KeyDigest::of(presented);
        let snapshot = self.snapshot.load();
        let key = VirtualKey::id_of(presented).and_then(|id| snapshot.get(id));
        let now = self.now();
        let (current, old) = match key {
            Some(key) => (key.record.digest, key.record.old),
            None => (self.decoy, None),
        };
        let (old, until) = old.unwrap_or((self.decoy, SystemTime::UNIX_EPOCH));
        let is_current = current.verify(&digest);
        let is_old = old.verify(&digest) && now < until;
        if is_admin {
            return Some(Arc::clone(&self.admin_caller));
        }
        let key = key.filter(|key| (is_current || is_old) && key.works(now))?;
        Some(Arc::clone(&key.caller))
    }

    /// The keys that a caller may see: all for holders of everything, else its own and those made with it.
    #[must_use]
    pub fn list(&self, caller: &Caller) -> Vec<KeyView> {
        let (snapshot, now) = (self.snapshot(), self.now());
        let keys = snapshot.keys().into_iter();
        let seen = keys.filter(|key| sees(&snapshot, caller, key));
        seen.map(|key| KeyView::of(key, now)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    ///
    /// Fails when there is none of that id that the caller may see.
    pub fn show(&self, caller: &Caller, id: &str) -> Result<KeyView, KeyError> {
        let snapshot = self.snapshot();
        Ok(KeyView::of(seen(&snapshot, caller, id)?, self.now()))
    }

    /// Finds whom a key's holder would be, without the key itself: to say how it would be treated.
    ///
    /// # Errors
    ///
    /// Fails when there is no key of that id that `asking` may see, and when it does not work.
    pub fn holder_of(&self, asking: &Caller, id: &str) -> Result<Arc<Caller>, KeyError> {
        let (snapshot, now) = (self.snapshot(), self.now());
        let key = seen(&snapshot, asking, id)?;
        if !key.works(now) {
            let status = KeyView::of(key, now).status;
            let sentence = format!("This key is {status}: every request with it is refused");
            return Err(KeyError::Conflict(sentence));
        }
        Ok(Arc::clone(&key.caller))
    }

    /// Every project that has limits or keys.
    #[must_use]
    pub fn projects(&self) -> Vec<ProjectView> {
        self.projects_seen_by(&self.admin_caller)
    }

    /// The projects that a caller may see: all for holders of everything, else those of the keys that it may see.
    #[must_use]
    pub fn projects_seen_by(&self, caller: &Caller) -> Vec<ProjectView> {
        let (snapshot, now) = (self.snapshot(), self.now());
        let keys = snapshot.keys();
        let mut views = Vec::new();
        for name in snapshot.project_names() {
            let is_member = |key: &&&Arc<Key>| key.record.holding.project.as_deref() == Some(name);
            let members = || keys.iter().filter(is_member);
            if sees_all(caller) || members().any(|key| sees(&snapshot, caller, key)) {
                let active = members().filter(|key| key.works(now)).count();
                let group = snapshot.project(name).map(|group| &**group);
                views.push(ProjectView::of(name, group, active));
            }
        }
        views
    }

    /// One of them.
    ///
    /// # Errors
    ///
    /// Fails when there is none of that name that the caller may see.
    pub fn show_project(&self, caller: &Caller, name: &str) -> Result<ProjectView, KeyError> {
        let mut projects = self.projects_seen_by(caller).into_iter();
        projects.find(|project| project.name == name).ok_or(KeyError::NoSuchProject)
    }

    /// Takes over what the configuration declares, in place of what it declared before. Waits for the disk.
    ///
    /// # Errors
    ///
    /// Fails when what is stored can't be read; then everything stays as it was.
    pub fn set_declared(&self, new: DeclaredKeys) -> Result<(), KeyError> {
        let mut declared = self.changes();
        let (keys, projects) = self.store.load_keys()?;
        let snapshot = new.with_stored(keys, projects, &self.snapshot())?;
        self.snapshot.store(Arc::new(snapshot));
        *declared = new;
        Ok(())
    }

    /// Runs one change to its end, even when the caller goes away: store first, snapshot next.
    pub(crate) async fn change<T, F>(self: &Arc<Self>, work: F) -> Result<T, KeyError>
    where
        T: Send + 'static,
        F: FnOnce(&Self, &mut Snapshot) -> Result<T, KeyError> + Send + 'static,
    {
        let manager = Arc::clone(self);
        let run = move || {
            let _one_at_a_time = manager.changes();
            let mut snapshot = Snapshot::clone(&manager.snapshot());
            let outcome = work(&manager, &mut snapshot)?;
            manager.snapshot.store(Arc::new(snapshot));
            Ok(outcome)
        };
        tokio::task::spawn_blocking(run)
            .await
            .unwrap_or_else(|panic| Err(KeyError::Store(format!("a change failed: {panic}"))))
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    fn changes(&self) -> MutexGuard<'_, DeclaredKeys> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key of that id, if the caller may see it.
pub(crate) fn seen<'s>(
    snapshot: &'s Snapshot,
    caller: &Caller,
    id: &str,
) -> Result<&'s Arc<Key>, KeyError> {
    let key = snapshot.get(id).ok_or(KeyError::NotFound)?;
    if sees(snapshot, caller, key) { Ok(key) } else { Err(KeyError::NotFound) }
}

fn sees(snapshot: &Snapshot, caller: &Caller, key: &Arc<Key>) -> bool {
    match &caller.id {
        CallerId::Admin => true,
        CallerId::Key(_) if sees_all(caller) => true,
        CallerId::Key(id) => snapshot.descends(key, id),
        CallerId::Nobody => false,
    }
}

fn sees_all(caller: &Caller) -> bool {
    caller.grant.allows(Scope::Admin)
}
