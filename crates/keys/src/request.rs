//! What a caller sends to make a key or to set a project's limits.

use limits::Limits;
use schemars::JsonSchema;
use serde::Deserialize;

/// A new key, as a caller describes it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct NewKey {
    /// What people call it: 1 to 64 characters.
    pub name: String,
    /// The project that it belongs to; its usage and limits are counted together.
    pub project: Option<String>,
    /// What it is good for; `inference` alone when unset.
    pub scopes: Option<Vec<grants::Scope>>,
    /// Patterns of the providers that it may see and call; all that the maker holds when unset.
    pub providers: Option<Vec<String>>,
    /// Patterns of the models that it may call (a model's id, `PROVIDER/MODEL`, or a route); all that the maker holds
    /// when unset.
    pub models: Option<Vec<String>>,
    /// Whether its requests must stay on this machine and its network.
    pub local_only: Option<bool>,
    /// What it may use; at most what the maker may, which is also the default.
    pub limits: Option<Limits>,
    /// When it ends, RFC 3339; never when unset.
    pub expires_at: Option<String>,
}

/// What a caller sends to set a project's limits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Project {
    /// What its keys may use together.
    pub limits: Option<Limits>,
}
