//! `closedpaw models`: what there is to talk to.

use clap::Args;
use serde_json::Value;

use crate::{
    cli::{
        gateway::Gateway,
        providers::{name_argument, path_of, with_suggestion},
        screen::{Rows, note},
        session::Session,
    },
    failure::Failure,
};
use providers::ProviderName;

/// Lists the models of every enabled provider, or of one
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw models
  closedpaw models ollama --refresh")]
pub struct Options {
    /// The provider to ask
    #[arg(value_parser = name_argument)]
    provider: Option<ProviderName>,

    /// Ask the provider now instead of reusing a recent list
    #[arg(long, requires = "provider")]
    refresh: bool,
}

/// Lists the models.
pub async fn run(session: &Session, options: &Options) -> Result<(), Failure> {
    let gateway = Gateway::find(session)?;
    match &options.provider {
        Some(name) => of_one(session, &gateway, name, options.refresh).await,
        None => {
            let answer = gateway.get("/api/providers/models").await?;
            session.screen().show(&answer, &["provider", "model"], || {
                let lists = answer.as_object().into_iter().flatten();
                lists.flat_map(|(name, models)| rows(name, models)).collect()
            })
        }
    }
}

async fn of_one(
    session: &Session,
    gateway: &Gateway,
    name: &ProviderName,
    refresh: bool,
) -> Result<(), Failure> {
    let query = if refresh { "?refresh=true" } else { "" };
    let path = format!("{}/models{query}", path_of(name));
    let answer = with_suggestion(gateway, name, gateway.get(&path).await).await?;
    let models = answer.get("models").unwrap_or(&Value::Null);
    session.screen().show(&answer, &["provider", "model"], || rows(name.as_str(), models))?;
    let is_stale = answer.get("stale").and_then(Value::as_bool) == Some(true);
    match answer.get("error").and_then(Value::as_str) {
        Some(error) if is_stale => {
            note(&format!("this list is from before; {name} can't be reached now: {error}"));
            Ok(())
        }
        Some(error) => Err(Failure::failed(format!("{name}: {error}"))),
        None => Ok(()),
    }
}

fn rows(name: &str, models: &Value) -> Rows {
    let ids = models.as_array().into_iter().flatten().filter_map(Value::as_str);
    ids.map(|id| vec![name.to_owned(), id.to_owned()]).collect()
}
