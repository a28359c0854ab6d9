//! All keys and projects at one moment, by id and by name.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use limits::{Limits, Meter};

use crate::{
    key::{Key, metered},
    record::{Origin, Record},
};

/// All keys and projects at one moment. Never changes once it is shown; it is swapped whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    keys: HashMap<Arc<str>, Arc<Key>>,
    projects: BTreeMap<String, Arc<Group>>,
}

/// A project that has limits, or once had.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// What its keys may use together.
    pub(crate) limits: Limits,
    /// What counts that, if anything is limited.
    pub(crate) meter: Option<Arc<Meter>>,
    /// Where in the configuration it is declared.
    pub(crate) declared_at: Option<String>,
}

impl Snapshot {
    /// The key of that id.
    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Key>> {
        self.keys.get(id)
    }

    /// All keys in the order of their making.
    pub(crate) fn keys(&self) -> Vec<&Arc<Key>> {
        let mut keys: Vec<_> = self.keys.values().collect();
        keys.sort_unstable_by_key(|key| key.record.number);
        keys
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The project of that name, if it was ever set.
    pub(crate) fn project(&self, name: &str) -> Option<&Arc<Group>> {
        self.projects.get(name)
    }

    /// The names of all projects that were set or have keys.
    pub(crate) fn project_names(&self) -> BTreeSet<&str> {
        let of_keys = self.keys.values().filter_map(|key| key.record.holding.project.as_deref());
        self.projects.keys().map(String::as_str).chain(of_keys).collect()
    }

    /// How many projects were set.
    pub(crate) fn projects_len(&self) -> usize {
        self.projects.len()
    }

    /// The key that made another, if a key did.
    pub(crate) fn maker_of(&self, record: &Record) -> Option<&Arc<Key>> {
        match &record.origin {
            Origin::Key(id) => self.get(id),
            Origin::Admin | Origin::Declared(_) => None,
        }
    }

    /// Whether a key is the one of that id, or was made with it, or with one made with it, and so on.
    pub(crate) fn descends(&self, key: &Arc<Key>, id: &str) -> bool {
        self.line(key).any(|key| *key.record.id == *id)
    }

    /// The keys of those ids and all that descend from them.
    pub(crate) fn family(&self, ids: &BTreeSet<&str>) -> Vec<&Arc<Key>> {
        let is_of_it = |key: &&Arc<Key>| self.line(key).any(|key| ids.contains(&*key.record.id));
        self.keys.values().filter(is_of_it).collect()
    }

    /// A key, the one that made it, and so on.
    fn line<'s>(&'s self, key: &'s Arc<Key>) -> impl Iterator<Item = &'s Arc<Key>> {
        std::iter::successors(Some(key), |key| self.maker_of(&key.record))
    }

    /// A number higher than every key's.
    pub(crate) fn next_number(&self) -> i64 {
        self.keys.values().map(|key| key.record.number + 1).max().unwrap_or_default().max(0)
    }

    /// Adds a key whose makers are there, or derives the one of that id anew.
    pub(crate) fn put(&mut self, record: Arc<Record>, old_meter: Option<Arc<Meter>>) -> Arc<Key> {
        let id = Arc::clone(&record.id);
        let meter = old_meter.or_else(|| self.get(&id).and_then(|key| key.meter.clone()));
        let key = Arc::new(Key::derive(record, self, meter));
        self.keys.insert(id, Arc::clone(&key));
        key
    }

    /// Forgets keys.
    pub(crate) fn forget(&mut self, ids: &[Arc<str>]) {
        for id in ids {
            self.keys.remove(id);
        }
    }

    /// Sets a project's limits, and derives its keys anew.
    pub(crate) fn put_project(
        &mut self,
        name: &str,
        limits: Limits,
        declared_at: Option<String>,
        old: Option<&Arc<Group>>,
    ) {
        let old = self.project(name).or(old).and_then(|group| group.meter.clone());
        let group = Group { limits, meter: metered(limits, old), declared_at };
        self.projects.insert(name.to_owned(), Arc::new(group));
        self.derive_members(name);
    }

    /// Takes a project's limits away, and derives its keys anew.
    pub(crate) fn forget_project(&mut self, name: &str) {
        self.projects.remove(name);
        self.derive_members(name);
    }

    fn derive_members(&mut self, project: &str) {
        let is_member = |key: &&Arc<Key>| key.record.holding.project.as_deref() == Some(project);
        let mut members: Vec<_> =
            self.keys.values().filter(is_member).map(|key| Arc::clone(&key.record)).collect();
        // Makers before what they made.
        members.sort_unstable_by_key(|record| record.number);
        for record in members {
            self.put(record, None);
        }
    }
}
