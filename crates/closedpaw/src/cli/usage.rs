//! `closedpaw usage`: what was used, and what it cost.

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::{
    cli::{cell, dollars::dollars, gateway::Gateway, query::with_query, session::Session},
    failure::Failure,
};

/// Sums up requests, tokens and costs
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw usage
  closedpaw usage --by model --since 7d
  closedpaw usage --by day --since 2026-01-01 --until 2026-01-31 --output json")]
pub struct Options {
    /// What makes a row
    #[arg(long, value_enum, default_value = "key")]
    by: By,

    /// The first day, in UTC: a day such as 2026-01-31, or how long ago, such as 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// The last day
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
}

/// What makes a row.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    Key,
    Project,
    Provider,
    Model,
    Day,
}

/// Prints the sums, with all of them together in the last row.
pub async fn run(session: &Session, options: &Options) -> Result<(), Failure> {
    let gateway = Gateway::find(session)?;
    let by = options.by.as_str();
    let target = with_query(
        "/api/usage",
        &[
            ("by", Some(by)),
            ("since", options.since.as_deref()),
            ("until", options.until.as_deref()),
            ("key", options.key.as_deref()),
            ("project", options.project.as_deref()),
            ("provider", options.provider.as_deref()),
            ("model", options.model.as_deref()),
        ],
    );
    let answer = gateway.get(&target).await?;
    let headings =
        [by, "requests", "failed", "input", "cached", "output", "total", "cost", "unpriced"];
    session.screen().show(&answer, &headings, || {
        let rows = answer.get("rows").and_then(Value::as_array).into_iter().flatten();
        let rows = rows.map(|sums| row(cell::text(sums.get(by)), sums));
        let total = answer.get("total").map(|sums| row("total".to_owned(), sums));
        rows.chain(total).collect()
    })
}

fn row(name: String, sums: &Value) -> Vec<String> {
    let count = |member| sums.get(member).and_then(Value::as_u64).unwrap_or_default();
    let cached = count("cache_read_tokens").saturating_add(count("cache_write_tokens"));
    vec![
        name,
        count("requests").to_string(),
        count("failed").to_string(),
        count("input_tokens").to_string(),
        cached.to_string(),
        count("output_tokens").to_string(),
        count("total_tokens").to_string(),
        dollars(count("cost_nano_usd")),
        count("unpriced_requests").to_string(),
    ]
}

impl By {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Project => "project",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Day => "day",
        }
    }
}
