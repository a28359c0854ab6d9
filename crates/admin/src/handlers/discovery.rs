//! Which servers run on the gateway's own machine, and what to register them with.

use std::sync::Arc;

use providers::Found;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use server::{Call, Response};

use crate::{Admin, answer};

/// What was found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Discovered {
    /// Every server that answered within a second.
    servers: Vec<ServerView>,
}

/// A server that answered.
#[derive(Serialize, JsonSchema)]
struct ServerView {
    /// What people call it.
    kind: &'static str,
    /// Where it is.
    base_url: String,
    /// The models that it lists.
    models: Vec<String>,
    /// Whether it answers nobody without a key.
    needs_key: bool,
    /// The provider that it is registered as; `null` where it is not, or where the key may not know.
    registered_as: Option<String>,
    /// What to send to `POST /api/providers/register`, beside `api_key` where it needs one.
    registration: Map<String, Value>,
}

/// `GET /api/discover`
pub(crate) async fn discover(admin: Arc<Admin>, call: Call) -> Response {
    let may_see = |name: &str| call.caller.grant.holds_provider(name);
    let view = |found: Found| ServerView {
        kind: found.kind,
        base_url: found.base_url,
        models: found.models,
        needs_key: found.needs_key,
        registered_as: found
            .registered_as
            .map(|name| name.to_string())
            .filter(|name| may_see(name)),
        registration: found.registration,
    };
    let servers = admin.manager.discover().await;
    answer::ok(&Discovered { servers: servers.into_iter().map(view).collect() })
}
