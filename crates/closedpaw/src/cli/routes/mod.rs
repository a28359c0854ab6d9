//! `closedpaw routes`: names that stand for several models, from the command line.

mod candidate;
mod list;
mod set;

use clap::Subcommand;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{
    cli::{cell, gateway::Gateway, session::Session},
    failure::Failure,
};

/// What stands in a path as it is: what a route's name may hold.
const KEPT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-').remove(b':').remove(b'/');

/// Lists, shows, sets and removes routes: names that stand for several models
#[derive(Subcommand)]
pub enum Verb {
    /// Lists every route
    #[command(after_help = "Example:\n  closedpaw routes list --output json")]
    List,
    /// Shows one route
    #[command(after_help = "Example:\n  closedpaw routes show smart")]
    Show(Name),
    Set(set::Options),
    /// Removes a route
    #[command(after_help = "Example:\n  closedpaw routes remove smart")]
    Remove(Name),
}

/// A route by name.
#[derive(clap::Args)]
pub struct Name {
    /// The route's name
    name: String,
}

/// Does what the verb says.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List => list::run(session, &Gateway::find(session)?).await,
        Verb::Show(Name { name }) => show(session, &Gateway::find(session)?, &name).await,
        Verb::Set(options) => set::run(session, &options).await,
        Verb::Remove(Name { name }) => remove(session, &Gateway::find(session)?, &name).await,
    }
}

async fn show(session: &Session, gateway: &Gateway, name: &str) -> Result<(), Failure> {
    let answer = with_suggestion(gateway, name, gateway.get(&path_of(name)).await).await?;
    session.screen().show(&answer, &["", name], || {
        let mut rows = cell::rows(&answer);
        let is_whole = |row: &Vec<String>| row.first().is_none_or(|title| title != "candidates");
        rows.retain(is_whole);
        let candidates = answer.get("candidates").and_then(Value::as_array).into_iter().flatten();
        let row = |(index, candidate): (usize, &Value)| {
            let title = if index == 0 { "candidates" } else { "" };
            vec![title.to_owned(), candidate::describe(candidate)]
        };
        rows.extend(candidates.enumerate().map(row));
        rows
    })
}

async fn remove(session: &Session, gateway: &Gateway, name: &str) -> Result<(), Failure> {
    let outcome = gateway.send(Method::DELETE, &path_of(name), &json!({})).await;
    let answer = with_suggestion(gateway, name, outcome).await?;
    session.screen().tell(&answer, &format!("removed {name}"))
}

/// The path of one route. What no name holds is encoded, for the gateway to refuse.
fn path_of(name: &str) -> String {
    format!("/api/routes/{}", utf8_percent_encode(name, KEPT))
}

/// Adds the nearest known name to the failure of a route that is not there.
async fn with_suggestion(
    gateway: &Gateway,
    name: &str,
    outcome: Result<Value, Failure>,
) -> Result<Value, Failure> {
    let Err(Failure::Refused { status: 404, detail }) = outcome else { return outcome };
    let listed = gateway.get("/api/routes").await.unwrap_or_default();
    let routes = listed.get("routes").and_then(Value::as_object);
    let names = routes.into_iter().flatten().map(|(known, _)| known.as_str());
    let detail = match config::nearest(name, names) {
        Some(near) => format!("{detail}: {name} (did you mean `{near}`?)"),
        None => format!("{detail}: {name} (see `closedpaw routes list`)"),
    };
    Err(Failure::Refused { status: 404, detail })
}
