//! `closedpaw providers`: the registry, from the command line.

mod details;
mod health;
mod list;
mod members;
mod register;

use ::providers::ProviderName;
use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{gateway::Gateway, session::Session},
    failure::Failure,
};

/// Lists, adds, changes, tests and removes providers
#[derive(Subcommand)]
pub enum Verb {
    /// Lists every provider
    #[command(after_help = "Example:\n  closedpaw providers list --output json")]
    List,
    Add(register::AddOptions),
    /// Shows one provider
    #[command(after_help = "Example:\n  closedpaw providers show ollama")]
    Show(Name),
    Update(register::UpdateOptions),
    /// Removes a provider and its key
    #[command(after_help = "Example:\n  closedpaw providers remove work")]
    Remove(Name),
    /// Makes one real round trip and says what it proved
    #[command(after_help = "Example:\n  closedpaw providers test ollama")]
    Test(Name),
    /// Makes a provider the default
    #[command(after_help = "Example:\n  closedpaw providers default ollama")]
    Default(Name),
    Health(health::Options),
}

/// A provider by name.
#[derive(clap::Args)]
pub struct Name {
    /// The provider's name
    #[arg(value_parser = name_argument)]
    name: ProviderName,
}

/// Does what the verb says.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let gateway = Gateway::find(session)?;
    match verb {
        Verb::List => list::run(session, &gateway).await,
        Verb::Add(options) => register::add(session, &gateway, &options).await,
        Verb::Show(Name { name }) => details::show(session, &gateway, &name).await,
        Verb::Update(options) => register::update(session, &gateway, &options).await,
        Verb::Remove(Name { name }) => remove(session, &gateway, &name).await,
        Verb::Test(Name { name }) => details::test(session, &gateway, &name).await,
        Verb::Default(Name { name }) => make_default(session, &gateway, &name).await,
        Verb::Health(options) => health::run(session, &gateway, &options).await,
    }
}

async fn remove(session: &Session, gateway: &Gateway, name: &ProviderName) -> Result<(), Failure> {
    let outcome = gateway.send(Method::DELETE, &path_of(name), &json!({})).await;
    let answer = with_suggestion(gateway, name, outcome).await?;
    session.screen().tell(&answer, &format!("removed {name}"))
}

async fn make_default(
    session: &Session,
    gateway: &Gateway,
    name: &ProviderName,
) -> Result<(), Failure> {
    let path = format!("{}/default", path_of(name));
    let outcome = gateway.send(Method::POST, &path, &json!({})).await;
    let answer = with_suggestion(gateway, name, outcome).await?;
    session.screen().tell(&answer, &format!("{name} is the default provider"))
}

/// Parses a provider's name where the command line gives one.
pub fn name_argument(text: &str) -> Result<ProviderName, String> {
    ProviderName::parse(text)
}

/// The path of one provider; a checked name needs no escaping.
pub fn path_of(name: &ProviderName) -> String {
    format!("/api/providers/{name}")
}

/// Adds the nearest registered name to the failure of a provider that is not there.
pub async fn with_suggestion(
    gateway: &Gateway,
    name: &ProviderName,
    outcome: Result<Value, Failure>,
) -> Result<Value, Failure> {
    let Err(Failure::Refused { status: 404, detail }) = outcome else { return outcome };
    let listed = gateway.get("/api/providers").await.unwrap_or_default();
    let registered = listed.get("providers").and_then(Value::as_object);
    let names = registered.into_iter().flatten().map(|(known, _)| known.as_str());
    let detail = match config::nearest(name.as_str(), names) {
        Some(near) => format!("{detail}: {name} (did you mean `{near}`?)"),
        None => format!("{detail}: {name} (see `closedpaw providers list`)"),
    };
    Err(Failure::Refused { status: 404, detail })
}
