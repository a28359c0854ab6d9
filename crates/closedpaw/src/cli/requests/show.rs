//! `closedpaw requests show`: one request, and every try of it.

use clap::Args;
use serde_json::Value;

use super::waterfall;
use crate::{
    cli::{
        cell, dollars::dollars, gateway::Gateway, query::segment, screen::Rows, session::Session,
    },
    failure::Failure,
};

/// Shows one request and why each provider was tried
#[derive(Args)]
#[command(after_help = "Example:\n  closedpaw requests show 0f3c9a6d5b7e4f1c8a2d6e9b0c4f7a31")]
pub struct Options {
    /// Its `x-request-id`
    id: String,
}

/// Prints the request, and its tries as a waterfall.
pub async fn run(session: &Session, gateway: &Gateway, options: &Options) -> Result<(), Failure> {
    let answer = gateway.get(&format!("/api/requests/{}", segment(&options.id))).await?;
    session.screen().show_parts(&answer, || parts(&answer))
}

/// The tables of a request: its facts, and its tries if it had any.
pub fn parts(request: &Value) -> Vec<(&'static [&'static str], Rows)> {
    let facts: (&[&str], Rows) = (&["", "request"], facts(request));
    let tries: (&[&str], Rows) = (&waterfall::HEADINGS, waterfall::rows(request));
    if tries.1.is_empty() { vec![facts] } else { vec![facts, tries] }
}

/// The request itself, without what nobody said.
fn facts(request: &Value) -> Rows {
    let members = request.as_object().into_iter().flatten();
    let said = members.filter(|(name, value)| !value.is_null() && *name != "attempts");
    let row = |(name, value): (&String, &Value)| match (name.as_str(), value.as_u64()) {
        ("cost_nano_usd", Some(cost)) => vec!["cost".to_owned(), dollars(cost)],
        (name, _) => vec![name.replace('_', " "), cell::text(Some(value))],
    };
    said.map(row).collect()
}
