//! Keys and projects of the configuration: replaced whole, held to the same rules, and never stored.

use std::{collections::HashMap, sync::Arc};

use limits::Limits;
use store::{KeyRow, ProjectRow};
use vault::{Secret, VirtualKey};

use crate::{
    KeyError, NewKey, Project,
    holding::{self, Holding},
    name,
    record::{Origin, Record, limits_from_row},
    snapshot::Snapshot,
};

/// A key that the configuration declares.
#[derive(Debug)]
pub struct DeclaredKey {
    /// The key itself, `sk-cp-ID-SECRET`.
    pub text: Secret,
    /// Everything else.
    pub new: NewKey,
    /// Where it is declared.
    pub declared_at: String,
}

/// What is wrong with one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredKeyFault {
    /// Where it is declared.
    pub declared_at: String,
    /// What is wrong and what to do.
    pub sentence: String,
}

/// Keys and projects that the configuration declares, checked.
#[derive(Clone, Debug, Default)]
pub struct DeclaredKeys {
    keys: Vec<Arc<Record>>,
    projects: Vec<(String, Limits, String)>,
}

impl DeclaredKeys {
    /// Holds what is declared to every rule; each project comes with where it is declared.
    ///
    /// # Errors
    ///
    /// Every fault.
    pub fn check(
        keys: Vec<DeclaredKey>,
        projects: Vec<(String, Project, String)>,
    ) -> Result<Self, Vec<DeclaredKeyFault>> {
        let (mut declared, mut faults) = (Self::default(), Vec::new());
        let fault = |declared_at, sentence| DeclaredKeyFault { declared_at, sentence };
        let mut places: HashMap<Arc<str>, String> = HashMap::new();
        for (number, DeclaredKey { text, new, declared_at }) in (i64::MIN..).zip(keys) {
            let origin = Origin::Declared(declared_at.clone());
            match record(text, &new, origin, number) {
                Ok(record) => {
                    let id = Arc::clone(&record.id);
                    if let Some(first) = places.insert(id, declared_at.clone()) {
                        let sentence = format!("this is the same key as at {first}");
                        faults.push(fault(declared_at, sentence));
                    }
                    declared.keys.push(Arc::new(record));
                }
                Err(sentence) => faults.push(fault(declared_at, sentence)),
            }
        }
        for (name, project, declared_at) in projects {
            let limits = project.limits.unwrap_or_default();
            let checked = name::check_project(&name).and_then(|()| holding::check_limits(&limits));
            match checked {
                Ok(()) => declared.projects.push((name, limits, declared_at)),
                Err(sentence) => faults.push(fault(declared_at, sentence)),
            }
        }
        if faults.is_empty() { Ok(declared) } else { Err(faults) }
    }

    /// Puts a snapshot together of what is declared and what is stored. What is declared stands before what is stored
    /// under the same id or name. Meters of before stay.
    ///
    /// # Errors
    ///
    /// Fails when a stored row makes no sense.
    pub(crate) fn with_stored(
        &self,
        keys: Vec<KeyRow>,
        projects: Vec<ProjectRow>,
        old: &Snapshot,
    ) -> Result<Snapshot, KeyError> {
        let mut new = Snapshot::default();
        for ProjectRow { name, limits } in projects {
            let limits = limits_from_row(limits).map_err(|_| {
                KeyError::Store(format!("the stored project {name} has broken limits"))
            })?;
            new.put_project(&name, limits, None, old.project(&name));
        }
        for (name, limits, declared_at) in &self.projects {
            if new.project(name).is_some_and(|group| group.declared_at.is_none()) {
                tracing::warn!(project = name, "the stored project is hidden by the declared one");
            }
            new.put_project(name, *limits, Some(declared_at.clone()), old.project(name));
        }
        let meter = |id: &str| old.get(id).and_then(|key| key.meter.clone());
        for record in &self.keys {
            new.put(Arc::clone(record), meter(&record.id));
        }
        for (number, row) in (0..).zip(keys) {
            if new.get(&row.id).is_some() {
                tracing::warn!(key.id = row.id, "the stored key is hidden by the declared one");
                continue;
            }
            let record = Record::from_row(row, number)?;
            let meter = meter(&record.id);
            new.put(Arc::new(record), meter);
        }
        Ok(new)
    }
}

fn record(text: Secret, new: &NewKey, origin: Origin, number: i64) -> Result<Record, String> {
    name::check_key(&new.name)?;
    let key = VirtualKey::parse(text).map_err(|error| error.to_string())?;
    let holding = Holding::all().pass_on(new).map_err(|error| error.to_string())?;
    Ok(Record {
        id: key.id().into(),
        number,
        name: new.name.clone(),
        origin,
        holding,
        created_at: None,
        revoked_at: None,
        digest: key.digest(),
        old: None,
    })
}
