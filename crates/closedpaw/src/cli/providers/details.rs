//! `closedpaw providers show` and `test`: an object of the API as a row for each member.

use ::providers::ProviderName;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{
        gateway::Gateway,
        providers::{path_of, with_suggestion},
        screen::Rows,
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
    session.screen().show(&answer, &["", name.as_str()], || rows(&answer))
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
    session.screen().show(&answer, &["", name.as_str()], || rows(&answer))?;
    match answer.get("error").and_then(Value::as_str) {
        Some(_) => Err(Failure::Shown),
        None => Ok(()),
    }
}

/// A row for each member of an object.
pub fn rows(object: &Value) -> Rows {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| vec![name.replace('_', " "), text(Some(value))]).collect()
}

/// A value as a person reads it in a cell.
pub fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| text(Some(item))).collect::<Vec<_>>().join(", ")
        }
        Some(Value::Object(members)) => {
            let pair = |(name, value)| format!("{name}: {}", text(Some(value)));
            members.iter().map(pair).collect::<Vec<_>>().join(", ")
        }
        Some(number @ Value::Number(_)) => number.to_string(),
    }
}
