//! `closedpaw routes set`: a route from options, or as JSON from a file or stdin.

use std::{
    fs,
    io::{self, Read as _},
};

use clap::Args;
use http::Method;
use serde_json::{Map, Value, json};

use super::{candidate, path_of};
use crate::{
    cli::{gateway::Gateway, screen, session::Session},
    failure::Failure,
};

/// What the gateway shows of a route and does not take, so that what was shown can be set again.
const SHOWN_ONLY: [&str; 2] = ["declared_at", "warnings"];

/// Makes a route, or replaces the one of that name
///
/// Candidates are tried in the order of the strategy. What follows a candidate after commas says which requests it is
/// for (needs=vision+tools+json_schema, at-least=TOKENS, at-most=TOKENS, key=PATTERN, project=PATTERN) and its share
/// where candidates are weighted (weight=N).
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw routes set smart --strategy local-first --candidate ollama/llama3.2:3b --candidate openai/gpt-4o-mini
  closedpaw routes set shared --strategy weighted --candidate a/m,weight=3 --candidate b/m
  closedpaw routes set seeing --candidate ollama/llama3.2:3b --candidate openai/gpt-4o,needs=vision
  closedpaw routes show smart --output json | closedpaw routes set copy --file -")]
pub struct Options {
    /// The name that callers send as the model
    name: String,

    /// priority, weighted, least-in-flight, latency, cheapest or local-first [default: priority]
    #[arg(long, value_name = "STRATEGY", conflicts_with = "file")]
    strategy: Option<String>,

    /// Who may answer; may be given many times
    #[arg(
        long = "candidate",
        value_name = "PROVIDER/MODEL",
        value_parser = candidate::parse,
        required_unless_present = "file",
        conflicts_with = "file"
    )]
    candidates: Vec<Value>,

    /// The route as JSON from a file, `-` for stdin
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
}

/// Sets the route that the options describe.
pub async fn run(session: &Session, options: &Options) -> Result<(), Failure> {
    let Options { name, strategy, candidates, file } = options;
    let body = match file {
        Some(file) => read(file)?,
        None => {
            let mut body = Map::new();
            body.extend(strategy.as_ref().map(|word| ("strategy".to_owned(), json!(word))));
            body.insert("candidates".to_owned(), json!(candidates));
            body
        }
    };
    let gateway = Gateway::find(session)?;
    let answer = gateway.send(Method::PUT, &path_of(name), &body.into()).await?;
    let warnings = answer.get("warnings").and_then(Value::as_array).into_iter().flatten();
    for warning in warnings.filter_map(Value::as_str) {
        screen::note(&format!("warning: {warning}"));
    }
    session.screen().tell(&answer, &format!("set {name}"))
}

/// Reads a route's description; the name is the one on the command line.
fn read(file: &str) -> Result<Map<String, Value>, Failure> {
    let text = if file == "-" {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    let text = text.map_err(|error| Failure::usage(format!("cannot read {file}: {error}")))?;
    let mut body: Map<String, Value> = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("{file} is not a route as a JSON object: {error}"))
    })?;
    body.remove("name");
    for member in SHOWN_ONLY {
        body.remove(member);
    }
    Ok(body)
}
