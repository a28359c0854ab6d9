//! `closedpaw status`: whether the gateway runs, and how it is set up.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{cell, gateway::Gateway, session::Session},
    failure::Failure,
};

/// Shows whether the gateway runs, where, and with which providers
#[derive(Args)]
#[command(after_help = "Example:\n  closedpaw status --output json")]
pub struct Options {}

/// Shows the status; a gateway that is not there is a failure.
pub async fn run(session: &Session) -> Result<(), Failure> {
    let gateway = Gateway::find(session)?;
    let about = gateway.get("/").await?;
    let listed = gateway.get("/api/providers").await?;
    let status = summary(&gateway, &about, &listed);
    session.screen().show(&status, &["", "gateway"], || cell::rows(&status))
}

fn summary(gateway: &Gateway, about: &Value, listed: &Value) -> Value {
    let providers = listed.get("providers").and_then(Value::as_object);
    let mut status = json!({
        "status": about.get("status"),
        "version": about.get("version"),
        "url": gateway.url(),
        "default_provider": listed.get("default_provider"),
        "providers": providers.map_or(0, serde_json::Map::len),
    });
    if let (Some(members), Some(instance)) = (status.as_object_mut(), &gateway.instance) {
        members.insert("pid".to_owned(), json!(instance.pid));
        members.insert("listeners".to_owned(), json!(instance.listeners));
        members.insert("insecure_http".to_owned(), json!(instance.insecure_http));
    }
    status
}
