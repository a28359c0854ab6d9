//! `closedpaw providers health`: who answers right now.

use ::providers::ProviderName;
use clap::Args;
use serde_json::Value;

use crate::{
    cli::{
        cell,
        gateway::Gateway,
        providers::{name_argument, path_of, with_suggestion},
        session::Session,
    },
    failure::Failure,
};

/// Probes every enabled provider, or one; exits 1 when any is not healthy
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw providers health
  closedpaw providers health ollama || systemctl start ollama")]
pub struct Options {
    /// The provider to probe
    #[arg(value_parser = name_argument)]
    name: Option<ProviderName>,
}

/// Prints what the probes found.
pub async fn run(session: &Session, gateway: &Gateway, options: &Options) -> Result<(), Failure> {
    let all_healthy = match &options.name {
        Some(name) => of_one(session, gateway, name).await?,
        None => of_all(session, gateway).await?,
    };
    if all_healthy { Ok(()) } else { Err(Failure::Shown) }
}

async fn of_all(session: &Session, gateway: &Gateway) -> Result<bool, Failure> {
    let answer = gateway.get("/api/providers/health").await?;
    session.screen().show(&answer, &["provider", "healthy"], || {
        let found = answer.as_object().into_iter().flatten();
        found.map(|(name, healthy)| vec![name.clone(), cell::text(Some(healthy))]).collect()
    })?;
    Ok(answer.as_object().into_iter().flatten().all(|(_, healthy)| healthy == &Value::Bool(true)))
}

async fn of_one(
    session: &Session,
    gateway: &Gateway,
    name: &ProviderName,
) -> Result<bool, Failure> {
    let path = format!("{}/health", path_of(name));
    let answer = with_suggestion(gateway, name, gateway.get(&path).await).await?;
    session.screen().show(&answer, &["", name.as_str()], || cell::rows(&answer))?;
    Ok(answer.get("healthy") == Some(&Value::Bool(true)))
}
