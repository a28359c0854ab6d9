//! `closedpaw providers show` and `test`: one provider, as it is set up and as it answers.

use ::providers::ProviderName;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{
        cell,
        gateway::Gateway,
        providers::{path_of, with_suggestion},
        session::Session,
    },
    failure::Failure,
};

/// Shows one provider.
pub async fn show(
    session: &Session,
    gateway: &Gateway,
    name: &ProviderName,
) -> Result<(), Failure> {
    let answer = with_suggestion(gateway, name, gateway.get(&path_of(name)).await).await?;
    session.screen().show(&answer, &["", name.as_str()], || cell::rows(&answer))
}

/// Shows what a real round trip proved; a provider that fails it is a failure.
pub async fn test(
    session: &Session,
    gateway: &Gateway,
    name: &ProviderName,
) -> Result<(), Failure> {
    let path = format!("{}/test", path_of(name));
    let outcome = gateway.send(Method::POST, &path, &json!({})).await;
    let answer = with_suggestion(gateway, name, outcome).await?;
    session.screen().show(&answer, &["", name.as_str()], || cell::rows(&answer))?;
    match answer.get("error").and_then(Value::as_str) {
        Some(_) => Err(Failure::Shown),
        None => Ok(()),
    }
}
