//! Keys and projects as callers see them: never a secret, but for the moment that one is made.

use std::time::{Duration, Instant, SystemTime};

use grants::Pattern;
use limits::{Level, Limits, Meter};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use vault::Secret;

use crate::{
    key::{Key, Standing},
    moment,
    record::Origin,
    snapshot::Group,
};

/// A key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct KeyView {
    /// Its id, which is part of the key and no secret.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The project that it belongs to.
    pub project: Option<String>,
    /// What it is good for.
    pub scopes: Vec<grants::Scope>,
    /// Patterns of the providers that it may see and call; `null` is all.
    pub providers: Option<Vec<String>>,
    /// Patterns of the models that it may call; `null` is all.
    pub models: Option<Vec<String>>,
    /// Whether its requests must stay on this machine and its network.
    pub local_only: bool,
    /// What it may use.
    pub limits: Limits,
    /// What it has used of that, if it is limited.
    pub usage: Option<UsageView>,
    /// `active`, `expired`, `revoked`, or `suspended` while the key of the configuration that made it is gone from
    /// there or holds less than it.
    pub status: &'static str,
    /// When it was made, RFC 3339; `null` for a key of the configuration.
    pub created_at: Option<String>,
    /// When it ends, RFC 3339.
    pub expires_at: Option<String>,
    /// When it was revoked, RFC 3339.
    pub revoked_at: Option<String>,
    /// Until when the key before the last rotation works too, RFC 3339.
    pub old_key_until: Option<String>,
    /// The id of the key that made it; `admin` for the admin key, `config` for the configuration.
    pub made_by: String,
    /// Where in the configuration it is declared; such a key can't be changed here.
    pub declared_at: Option<String>,
}

/// A key just made or rotated: the one time that it is shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MadeKey {
    /// The key itself, `sk-cp-ID-SECRET`. It is shown this once.
    #[serde(serialize_with = "shown_once")]
    #[schemars(with = "String")]
    pub key: Secret,
    /// Everything else.
    #[serde(flatten)]
    pub view: KeyView,
}

/// A project.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProjectView {
    /// Its name.
    pub name: String,
    /// What its keys may use together.
    pub limits: Limits,
    /// What they have used of that, if they are limited.
    pub usage: Option<UsageView>,
    /// How many of its keys work.
    pub active_keys: usize,
    /// Where in the configuration it is declared; such a project can't be changed here.
    pub declared_at: Option<String>,
}

/// What was used of limits in the last 60 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UsageView {
    /// Requests, if they are limited.
    pub requests: Option<LevelView>,
    /// Tokens, if they are limited.
    pub tokens: Option<LevelView>,
    /// Requests that run.
    pub in_flight: u32,
}

/// How much of one limit is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LevelView {
    /// What is allowed in any 60 seconds.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// Seconds until all of it is there again, if nothing more is used.
    pub reset_s: u64,
}

impl KeyView {
    pub(crate) fn of(key: &Key, now: SystemTime) -> Self {
        let record = &key.record;
        let holding = &record.holding;
        let texts = |patterns: &Option<Vec<Pattern>>| {
            let patterns = patterns.as_ref()?;
            Some(patterns.iter().map(ToString::to_string).collect())
        };
        let until = record.old.map(|(_, until)| until).filter(|until| *until > now);
        let status = match key.standing {
            Standing::Revoked => "revoked",
            Standing::Sound | Standing::Suspended if record.has_expired(now) => "expired",
            Standing::Sound => "active",
            Standing::Suspended => "suspended",
        };
        let (made_by, declared_at) = match &record.origin {
            Origin::Admin => ("admin", None),
            Origin::Key(id) => (&**id, None),
            Origin::Declared(place) => ("config", Some(place.clone())),
        };
        Self {
            id: record.id.to_string(),
            name: record.name.clone(),
            project: holding.project.clone(),
            scopes: holding.grant.scopes.iter().collect(),
            providers: texts(&holding.grant.providers),
            models: texts(&holding.grant.models),
            local_only: holding.grant.local_only,
            limits: holding.limits,
            usage: key.meter.as_deref().map(UsageView::of),
            status,
            created_at: record.created_at.map(moment::write),
            expires_at: holding.expires_at.map(moment::write),
            revoked_at: record.revoked_at.map(moment::write),
            old_key_until: until.map(moment::write),
            made_by: made_by.to_owned(),
            declared_at,
        }
    }
}

impl ProjectView {
    pub(crate) fn of(name: &str, group: Option<&Group>, active_keys: usize) -> Self {
        Self {
            name: name.to_owned(),
            limits: group.map(|group| group.limits).unwrap_or_default(),
            usage: group.and_then(|group| group.meter.as_deref()).map(UsageView::of),
            active_keys,
            declared_at: group.and_then(|group| group.declared_at.clone()),
        }
    }
}

impl UsageView {
    fn of(meter: &Meter) -> Self {
        let reading = meter.read(Instant::now());
        let level = |level: Level| LevelView {
            limit: level.limit,
            remaining: level.remaining,
            reset_s: whole_seconds(level.reset),
        };
        Self {
            requests: reading.requests.map(level),
            tokens: reading.tokens.map(level),
            in_flight: reading.in_flight,
        }
    }
}

/// Seconds, rounded up, so that waiting that long is enough.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn shown_once<S: Serializer>(key: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(key.expose())
}
