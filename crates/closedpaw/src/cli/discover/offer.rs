//! Something that was found and could be registered.

use serde::Serialize;
use serde_json::{Map, Value};
use vault::Secret;

/// Something that was found and could be registered.
#[derive(Serialize)]
pub struct Offer {
    /// What people call it.
    pub found: String,
    /// Where it is.
    pub place: String,
    /// The models that it lists, where it was asked.
    pub models: Vec<Value>,
    /// The environment variable that holds its key.
    pub variable: Option<String>,
    /// The key.
    #[serde(skip)]
    pub key: Option<Secret>,
    /// The last four characters of a key that is long enough to show them.
    pub last4: Option<String>,
    /// Whether it answers nobody without a key.
    pub needs_key: bool,
    /// The provider that it is registered as.
    pub registered_as: Option<String>,
    /// Whether that one has another key.
    pub has_another_key: bool,
    /// The name to register it by.
    pub name: String,
    /// What to register it with, beside the key.
    pub registration: Map<String, Value>,
    /// What came of registering it.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub outcome: Value,
}

/// The servers that the gateway found.
pub fn of_servers(discovered: &Value) -> Vec<Offer> {
    let servers = discovered.get("servers").and_then(Value::as_array);
    servers.into_iter().flatten().filter_map(of_server).collect()
}

fn of_server(server: &Value) -> Option<Offer> {
    let text = |member: &str| server.get(member).and_then(Value::as_str).map(str::to_owned);
    let registration = server.get("registration")?.as_object()?.clone();
    Some(Offer {
        found: text("kind")?,
        place: text("base_url")?,
        models: server.get("models").and_then(Value::as_array).cloned().unwrap_or_default(),
        variable: None,
        key: None,
        last4: None,
        needs_key: server.get("needs_key") == Some(&Value::Bool(true)),
        registered_as: text("registered_as"),
        has_another_key: false,
        name: registration.get("name")?.as_str()?.to_owned(),
        registration,
        outcome: Value::Null,
    })
}
