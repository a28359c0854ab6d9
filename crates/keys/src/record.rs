//! What is lastingly true of a key: the facts that the store or the configuration keeps.

use std::{sync::Arc, time::SystemTime};

use grants::{Grant, Pattern, Scope};
use limits::Limits;
use serde_json::{Map, Value};
use store::KeyRow;
use vault::KeyDigest;

use crate::{KeyError, holding::Holding, moment};

/// One key, as it was made.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The public part of its text.
    pub(crate) id: Arc<str>,
    /// Rises in the order of making; those of the configuration come first, below zero.
    pub(crate) number: i64,
    /// What people call it.
    pub(crate) name: String,
    /// Who made it.
    pub(crate) origin: Origin,
    /// What it holds.
    pub(crate) holding: Holding,
    /// When it was made; unknown for those of the configuration.
    pub(crate) created_at: Option<SystemTime>,
    /// When it was revoked.
    pub(crate) revoked_at: Option<SystemTime>,
    /// What checks its text.
    pub(crate) digest: KeyDigest,
    /// What checks the text before the last rotation, and until when that one works.
    pub(crate) old: Option<(KeyDigest, SystemTime)>,
}

/// Who made a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The holder of the admin key.
    Admin,
    /// The holder of the key of that id.
    Key(Arc<str>),
    /// The configuration, and where in it.
    Declared(String),
}

impl Record {
    /// Whether it ended by `now`.
    pub(crate) fn has_expired(&self, now: SystemTime) -> bool {
        self.holding.expires_at.is_some_and(|end| end <= now)
    }

    /// Reads what the store keeps.
    ///
    /// # Errors
    ///
    /// Fails when that makes no sense.
    pub(crate) fn from_row(row: KeyRow, number: i64) -> Result<Self, KeyError> {
        let broken = |what: &str| {
            KeyError::Store(format!(
                "the stored key {} has broken {what}: restore a backup",
                row.id
            ))
        };
        let scopes: Option<Vec<Scope>> = row.scopes.iter().map(|name| Scope::parse(name)).collect();
        let patterns = |texts: Option<&[String]>| -> Result<Option<Vec<Pattern>>, KeyError> {
            let Some(texts) = texts else { return Ok(None) };
            let patterns = texts.iter().map(|text| Pattern::parse(text)).collect::<Result<_, _>>();
            patterns.map(Some).map_err(|_| broken("patterns"))
        };
        let grant = Grant {
            scopes: scopes.ok_or_else(|| broken("scopes"))?.into_iter().collect(),
            providers: patterns(row.providers.as_deref())?,
            models: patterns(row.models.as_deref())?,
            local_only: row.local_only,
        };
        let limits = limits_from_row(row.limits.clone()).map_err(|_| broken("limits"))?;
        let expires_at = row.expires_at_ms.map(moment::from_ms);
        let origin = row.made_by.map_or(Origin::Admin, |id| Origin::Key(id.into()));
        let old = |(bytes, until_ms)| (KeyDigest::from_bytes(bytes), moment::from_ms(until_ms));
        Ok(Self {
            id: row.id.into(),
            number,
            name: row.name,
            origin,
            holding: Holding { grant, limits, expires_at, project: row.project },
            created_at: Some(moment::from_ms(row.created_at_ms)),
            revoked_at: row.revoked_at_ms.map(moment::from_ms),
            digest: KeyDigest::from_bytes(row.digest),
            old: row.old_digest.map(old),
        })
    }

    /// Writes what the store keeps.
    pub(crate) fn to_row(&self) -> KeyRow {
        let Holding { grant, limits, expires_at, project } = &self.holding;
        let texts = |patterns: &Option<Vec<Pattern>>| {
            let patterns = patterns.as_ref()?;
            Some(patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect())
        };
        KeyRow {
            id: self.id.to_string(),
            name: self.name.clone(),
            project: project.clone(),
            made_by: match &self.origin {
                Origin::Key(id) => Some(id.to_string()),
                Origin::Admin | Origin::Declared(_) => None,
            },
            scopes: grant.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            providers: texts(&grant.providers),
            models: texts(&grant.models),
            local_only: grant.local_only,
            limits: limits_to_row(limits),
            created_at_ms: self.created_at.map_or(0, moment::to_ms),
            expires_at_ms: expires_at.map(moment::to_ms),
            revoked_at_ms: self.revoked_at.map(moment::to_ms),
            digest: *self.digest.as_bytes(),
            old_digest: self.old.map(|(digest, until)| (*digest.as_bytes(), moment::to_ms(until))),
        }
    }
}

/// Reads limits as the store keeps them.
pub(crate) fn limits_from_row(limits: Map<String, Value>) -> Result<Limits, serde_json::Error> {
    serde_json::from_value(Value::Object(limits))
}

/// Writes limits as the store keeps them.
pub(crate) fn limits_to_row(limits: &Limits) -> Map<String, Value> {
    match serde_json::to_value(limits) {
        Ok(Value::Object(members)) => {
            members.into_iter().filter(|(_, limit)| !limit.is_null()).collect()
        }
        Ok(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
        )
        | Err(_) => Map::new(),
    }
}
