//! Keys as callers see them: never a secret, but for the moment that one is made.

use limits::Limits;
use schemars::JsonSchema;
use serde::Serialize;

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
    /// `active`, `expired` or `revoked`.
    pub status: &'static str,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it ends, RFC 3339.
    pub expires_at: Option<String>,
    /// The key that made it; `admin` for the admin key.
    pub made_by: String,
}

/// A key just made or rotated: the one time that it is shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MadeKey {
    /// The key itself, `sk-cp-ID-SECRET`. It is shown this once.
    pub key: String,
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
}
