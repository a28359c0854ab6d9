//! `closedpaw projects`: what the keys of a project may use together.

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{cell, gateway::Gateway, limits::Limits, session::Session},
    failure::Failure,
};

const PATH: &str = "/api/projects";

const HEADINGS: [&str; 5] =
    ["name", "active keys", "requests per minute", "tokens per minute", "concurrency"];

/// Lists projects and sets what their keys may use together
#[derive(Subcommand)]
pub enum Verb {
    /// Lists every project that has limits or keys
    #[command(after_help = "Example:\n  closedpaw projects list --output json")]
    List,
    Set(Setting),
    /// Takes a project's limits away; its keys stay
    #[command(after_help = "Example:\n  closedpaw projects remove web")]
    Remove(Name),
}

/// A project by name.
#[derive(Args)]
pub struct Name {
    /// The project's name
    #[arg(value_parser = name_argument)]
    name: String,
}

/// Sets a project's limits; what is not named is not limited
#[derive(Args)]
#[command(after_help = "Example:
  closedpaw projects set web --requests-per-minute 600 --concurrency 20")]
pub struct Setting {
    #[command(flatten)]
    project: Name,

    #[command(flatten)]
    limits: Limits,
}

/// Does what the verb says.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let gateway = Gateway::find(session)?;
    match verb {
        Verb::List => list(session, &gateway).await,
        Verb::Set(Setting { project: Name { name }, limits }) => {
            let body = json!({ "limits": limits.to_json() });
            let answer = gateway.send(Method::PUT, &path_of(&name), &body).await?;
            session.screen().tell(&answer, &format!("set {name}"))
        }
        Verb::Remove(Name { name }) => {
            let answer = gateway.send(Method::DELETE, &path_of(&name), &json!({})).await?;
            session.screen().tell(&answer, &format!("removed the limits of {name}"))
        }
    }
}

async fn list(session: &Session, gateway: &Gateway) -> Result<(), Failure> {
    let answer = gateway.get(PATH).await?;
    session.screen().show(&answer, &HEADINGS, || {
        let projects = answer.get("projects").and_then(Value::as_array);
        let row = |project: &Value| {
            let limit =
                |name| cell::text(project.get("limits").and_then(|limits| limits.get(name)));
            vec![
                cell::text(project.get("name")),
                cell::text(project.get("active_keys")),
                limit("requests_per_minute"),
                limit("tokens_per_minute"),
                limit("concurrency"),
            ]
        };
        projects.into_iter().flatten().map(row).collect()
    })
}

/// The path of one project; a checked name needs no escaping.
fn path_of(name: &str) -> String {
    format!("{PATH}/{name}")
}

/// Parses a project's name where the command line gives one.
fn name_argument(text: &str) -> Result<String, String> {
    let is_one = text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_one {
        return Ok(text.to_owned());
    }
    Err("a name has A-Z a-z 0-9 . _ - and starts with a letter or digit".to_owned())
}
