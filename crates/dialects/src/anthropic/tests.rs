//! What requests become, and how answers out of the ordinary are read.

mod answers;
mod requests;

use canonical::{Dialect, Losses, Message, Part, Request, Role, Seal, ToolCall};
use serde_json::{Value, json};

use super::Anthropic;
use crate::{Codec, Quirks};

fn encoded(request: &Request) -> (Value, String) {
    let mut losses = Losses::default();
    let body = Anthropic.encode_request(request, &Quirks::COMPATIBLE, &mut losses);
    (serde_json::from_slice(&body).unwrap(), losses.to_string())
}

/// Checks the members that a request gets beside `model`, `max_tokens` and an empty `messages`.
#[track_caller]
fn check(request: &Request, expected: Value, lost: &str) {
    let mut all = json!({"model": "m", "max_tokens": 4096, "messages": []});
    all.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
    assert_eq!(encoded(request), (all, lost.to_owned()));
}

fn request() -> Request {
    Request { model: "m".to_owned(), ..Request::default() }
}

fn turn(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

fn seal(dialect: Dialect) -> Option<Seal> {
    Some(Seal { dialect, data: "sealed".to_owned() })
}

fn call(id: &str, arguments: &str) -> Part {
    let (id, name, arguments) = (id.to_owned(), "look".to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, seal: None })
}
