//! `closedpaw requests list`: one row a request, newest first.

use clap::Args;
use serde_json::Value;

use crate::{
    cli::{
        cell, dollars::dollars, gateway::Gateway, query::with_query, screen::note, session::Session,
    },
    failure::Failure,
};

const HEADINGS: [&str; 11] = [
    "began at", "id", "key", "asked", "provider", "model", "status", "outcome", "ms", "tokens",
    "cost",
];

/// Lists requests, newest first
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw requests list
  closedpaw requests list --since 1h --outcome failed
  closedpaw requests list --model gpt-4o --limit 1000 --output json")]
pub struct Options {
    /// Those that came then or later: a day in UTC, a time, or how long ago, such as 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// Those that came before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,

    /// Only this key's: `admin`, or a key's id
    #[arg(long)]
    key: Option<String>,

    /// Only this project's
    #[arg(long)]
    project: Option<String>,

    /// Only this provider's
    #[arg(long)]
    provider: Option<String>,

    /// Only this model's
    #[arg(long)]
    model: Option<String>,

    /// Only this route's
    #[arg(long)]
    route: Option<String>,

    /// Only those that were answered, refused, failed, broken_off or cancelled
    #[arg(long)]
    outcome: Option<String>,

    /// Only those with this kind of error
    #[arg(long)]
    error: Option<String>,

    /// How many, up to 1000
    #[arg(long, default_value = "20")]
    limit: String,

    /// Where to go on: `next` of the page before
    #[arg(long)]
    cursor: Option<String>,
}

/// Prints the list.
pub async fn run(session: &Session, gateway: &Gateway, options: &Options) -> Result<(), Failure> {
    let target = with_query(
        "/api/requests",
        &[
            ("since", options.since.as_deref()),
            ("until", options.until.as_deref()),
            ("key", options.key.as_deref()),
            ("project", options.project.as_deref()),
            ("provider", options.provider.as_deref()),
            ("model", options.model.as_deref()),
            ("route", options.route.as_deref()),
            ("outcome", options.outcome.as_deref()),
            ("error", options.error.as_deref()),
            ("limit", Some(&options.limit)),
            ("cursor", options.cursor.as_deref()),
        ],
    );
    let answer = gateway.get(&target).await?;
    session.screen().show(&answer, &HEADINGS, || {
        let requests = answer.get("requests").and_then(Value::as_array);
        requests.into_iter().flatten().map(row).collect()
    })?;
    if let Some(next) = answer.get("next").and_then(Value::as_str) {
        note(&format!("there are more: --cursor {next}"));
    }
    Ok(())
}

fn row(request: &Value) -> Vec<String> {
    let text = |member| cell::text(request.get(member));
    let count = |member| request.get(member).and_then(Value::as_u64);
    let tokens = ["input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"];
    let tokens = tokens.into_iter().filter_map(count).reduce(u64::saturating_add);
    let unknown = || cell::text(None);
    vec![
        text("began_at"),
        text("id"),
        text("key"),
        text("asked_model"),
        text("provider"),
        text("model"),
        text("status"),
        text("outcome"),
        text("duration_ms"),
        tokens.map_or_else(unknown, |tokens| tokens.to_string()),
        count("cost_nano_usd").map_or_else(unknown, dollars),
    ]
}
