//! What callers' requests become, and what they are answered.

mod answers;
mod lists;
mod requests;

use std::time::UNIX_EPOCH;

use canonical::{Dialect, Fault, Losses, Part, Request, Seal, ToolCall};
use serde_json::{Value, json};

use super::{CountTokens, Messages, Models};
use crate::{ChatEndpoint, CountEndpoint, Echo, ModelsEndpoint};

/// Reads a request with the given members beside `model`, `max_tokens` and `messages`.
#[track_caller]
fn read(members: Value) -> (Request, String) {
    let mut losses = Losses::default();
    let request = Messages.decode_request(&body(members), &mut losses).unwrap();
    (request, losses.to_string())
}

/// Reads a request that makes no sense.
#[track_caller]
fn refused(members: Value) -> Fault {
    Messages.decode_request(&body(members), &mut Losses::default()).unwrap_err()
}

fn body(members: Value) -> Vec<u8> {
    let messages = json!([{"role": "user", "content": "Hi"}]);
    let mut body = json!({"model": "m", "max_tokens": 9, "messages": messages});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body.to_string().into_bytes()
}

fn echo() -> Echo {
    Echo { model: "asked".to_owned(), created: UNIX_EPOCH, id: "7f".to_owned() }
}

fn seal(dialect: Dialect) -> Option<Seal> {
    Some(Seal { dialect, data: "sealed".to_owned() })
}

fn call(id: &str, arguments: &str, seal: Option<Seal>) -> Part {
    let (id, name, arguments) = (id.to_owned(), "look".to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, seal })
}
