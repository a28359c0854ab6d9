//! `closedpaw explain`: what would happen to a request and why, or what did.

use clap::Args;
use http::Method;
use serde_json::{Map, Value, json};

use crate::{
    cli::{
        cell,
        gateway::Gateway,
        requests,
        screen::{Rows, note},
        session::Session,
    },
    failure::Failure,
};

/// Says what would happen to a request now, and why, without sending it; or what did happen to one
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw explain smart
  closedpaw explain smart --input-tokens 50000 --needs vision
  closedpaw explain openai/gpt-4o-mini --message 'hello'
  closedpaw explain smart --key k3v9q2m7x1ab
  closedpaw explain 0f3c9a6d5b7e4f1c8a2d6e9b0c4f7a31")]
pub struct Options {
    /// A route, PROVIDER/MODEL or a model's own name, the default model when unset; or the id of a request that was sent
    model: Option<String>,

    /// What would be said, to estimate its tokens by
    #[arg(long)]
    message: Option<String>,

    /// Tokens of input, where they are known better
    #[arg(long, value_name = "TOKENS")]
    input_tokens: Option<u64>,

    /// Tokens that the answer may have
    #[arg(long, value_name = "TOKENS")]
    max_tokens: Option<u64>,

    /// What the request needs of a model: vision, tools or json_schema; may be given many times
    #[arg(long, value_name = "NEED")]
    needs: Vec<String>,

    /// The id of a virtual key: what would happen to a request with that key
    #[arg(long, value_name = "ID")]
    key: Option<String>,

    /// The `x-request-id` of a request that was sent, whatever it looks like: what did happen to it
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = ["model", "message", "input_tokens", "max_tokens", "needs", "key"]
    )]
    request: Option<String>,
}

impl Options {
    /// The request that is asked about: the one named, or what looks like the id of one.
    fn request(&self) -> Option<&str> {
        let is_id = |text: &&str| {
            text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        self.request.as_deref().or_else(|| self.model.as_deref().filter(is_id))
    }

    /// The model that is asked about.
    fn model(&self) -> Option<&str> {
        self.model.as_deref().filter(|_| self.request().is_none())
    }
}

/// Asks for the explanation and shows it.
pub async fn run(session: &Session, options: &Options) -> Result<(), Failure> {
    let gateway = Gateway::find(session)?;
    let mut asked = Map::new();
    let needs = Some(&options.needs).filter(|needs| !needs.is_empty());
    for (member, value) in [
        ("model", options.model().map(|model| json!(model))),
        ("message", options.message.as_ref().map(|message| json!(message))),
        ("input_tokens", options.input_tokens.map(Value::from)),
        ("max_tokens", options.max_tokens.map(Value::from)),
        ("needs", needs.map(|needs| json!(needs))),
        ("key", options.key.as_ref().map(|key| json!(key))),
        ("request_id", options.request().map(|id| json!(id))),
    ] {
        asked.extend(value.map(|value| (member.to_owned(), value)));
    }
    let answer = gateway.send(Method::POST, "/api/explain", &asked.into()).await?;
    if let Some(request) = answer.get("request") {
        session.screen().show_parts(&answer, || requests::parts(request))?;
    } else {
        show(session, &answer)?;
    }
    if let Some(summary) = answer.get("summary").and_then(Value::as_str) {
        note(summary);
    }
    Ok(())
}

fn show(session: &Session, answer: &Value) -> Result<(), Failure> {
    let columns = ["place", "provider", "model", "why", "breaker", "in flight", "cost in USD"];
    session.screen().show(answer, &columns, || rows(answer))
}

fn rows(answer: &Value) -> Rows {
    let list = |name: &str| answer.get(name).and_then(Value::as_array).into_iter().flatten();
    let candidates = list("candidates").map(|candidate| {
        let cost = candidate.get("cost_nano_usd").and_then(Value::as_u64);
        let cost = cost.map(|nano| format!("{:.6}", nano as f64 / 1e9));
        vec![
            cell::text(candidate.get("place")),
            cell::text(candidate.get("provider")),
            cell::text(candidate.get("model")),
            cell::text(candidate.get("reason")),
            cell::text(candidate.get("breaker")),
            cell::text(candidate.get("in_flight")),
            cost.unwrap_or_else(|| "-".to_owned()),
        ]
    });
    let passed_over = list("passed_over").map(|passed| {
        let mut row = vec![
            "-".to_owned(),
            cell::text(passed.get("provider")),
            cell::text(passed.get("model")),
            cell::text(passed.get("reason")),
        ];
        row.resize(7, "-".to_owned());
        row
    });
    candidates.chain(passed_over).collect()
}
