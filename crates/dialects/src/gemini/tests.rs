//! What requests become, and how answers out of the ordinary are read.

mod answers;
mod arrays;
mod requests;
mod vectors;

use canonical::{Dialect, Losses, Message, Part, Request, Role, Seal, ToolCall};
use serde_json::{Value, json};

use super::Gemini;
use crate::{Codec, Quirks};

/// Checks the members that a request gets beside an empty `contents`.
#[track_caller]
fn check(request: &Request, expected: Value, lost: &str) {
    let mut losses = Losses::default();
    let body = Gemini.encode_request(request, &Quirks::COMPATIBLE, &mut losses);
    let mut all = json!({"contents": []});
    all.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), all);
    assert_eq!(losses.to_string(), lost);
}

/// Checks the contents that turns become.
#[track_caller]
fn check_contents(messages: Vec<Message>, expected: Value, lost: &str) {
    check(&Request { messages, ..Request::default() }, json!({"contents": expected}), lost);
}

fn turn(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

fn seal(dialect: Dialect) -> Option<Seal> {
    Some(Seal { dialect, data: "sealed".to_owned() })
}

fn call(id: &str, arguments: &str, seal: Option<Seal>) -> Part {
    let (id, name, arguments) = (id.to_owned(), "look".to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, seal })
}
