//! Callers of OpenAI chat and of Mistral: what they ask is read, and what they are answered is written.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]
#![allow(clippy::disallowed_methods)]

#[path = "../samples/mod.rs"]
mod samples;

mod answers;
mod recorded;
mod replay;
mod requests;
mod round_trip;
mod streams;

use std::time::{Duration, UNIX_EPOCH};

use canonical::{Fault, Losses, Request};
use dialects::{ChatEndpoint, Echo};
use serde_json::{Value, json};

/// Reads a request; its losses come as one text.
fn read(endpoint: &dyn ChatEndpoint, body: &Value) -> Result<(Request, String), Fault> {
    let mut losses = Losses::default();
    let request = endpoint.decode_request(body.to_string().as_bytes(), &mut losses)?;
    Ok((request, losses.to_string()))
}

/// Reads a request of messages alone.
fn read_messages(endpoint: &dyn ChatEndpoint, messages: Value) -> Result<(Request, String), Fault> {
    read(endpoint, &json!({ "model": "heron-1", "messages": messages }))
}

fn echo() -> Echo {
    let created = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    Echo { model: "marsh/heron-1".into(), created, id: "Ab3".into() }
}
