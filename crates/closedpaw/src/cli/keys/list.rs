//! `closedpaw keys list`: a row for each key.

use serde_json::Value;

use crate::{
    cli::{cell, gateway::Gateway, keys::PATH, session::Session},
    failure::Failure,
};

const HEADINGS: [&str; 8] =
    ["id", "name", "status", "project", "scopes", "providers", "models", "expires"];

/// Lists the keys.
pub async fn run(session: &Session, gateway: &Gateway) -> Result<(), Failure> {
    let answer = gateway.get(PATH).await?;
    session.screen().show(&answer, &HEADINGS, || {
        let keys = answer.get("keys").and_then(Value::as_array);
        let row = |key: &Value| {
            let text = |member| cell::text(key.get(member));
            let patterns = |member| match key.get(member) {
                None | Some(Value::Null) => "all".to_owned(),
                patterns => cell::text(patterns),
            };
            vec![
                text("id"),
                text("name"),
                text("status"),
                text("project"),
                text("scopes"),
                patterns("providers"),
                patterns("models"),
                text("expires_at"),
            ]
        };
        keys.into_iter().flatten().map(row).collect()
    })
}
