//! `closedpaw providers list`: one row a provider.

use serde_json::Value;

use crate::{
    cli::{cell, gateway::Gateway, session::Session},
    failure::Failure,
};

const HEADINGS: [&str; 6] = ["name", "type", "enabled", "key", "default model", "base url"];

/// Prints the list; a star marks the default.
pub async fn run(session: &Session, gateway: &Gateway) -> Result<(), Failure> {
    let answer = gateway.get("/api/providers").await?;
    session.screen().show(&answer, &HEADINGS, || {
        let default = answer.get("default_provider").and_then(Value::as_str);
        let providers = answer.get("providers").and_then(Value::as_object);
        let row = |(name, provider): (&String, &Value)| {
            let star = if default == Some(name) { " *" } else { "" };
            let text = |member| cell::text(provider.get(member));
            vec![
                format!("{name}{star}"),
                text("type"),
                text("enabled"),
                text("has_api_key"),
                text("default_model"),
                text("base_url"),
            ]
        };
        providers.into_iter().flatten().map(row).collect()
    })
}
