//! Requests that ask nothing of a model: by a chat without messages, or a generation without a prompt, clients have
//! a model loaded, or unloaded with `keep_alive: 0`.
//!
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md#load-a-model>.

use serde_json::{Value, json};

use super::answer::{Head, Said};
use crate::{Echo, json::member, object::object, ollama::shape::Shape};

/// Writes the answer to such a request: done already, since models of other providers are always there.
pub(super) fn encode(shape: Shape, body: &[u8], echo: &Echo) -> Option<Vec<u8>> {
    let body: Value = serde_json::from_slice(body).ok().filter(Value::is_object)?;
    let asks: &[&str] = match shape {
        Shape::Chat => &["messages"],
        Shape::Generate => &["prompt", "images", "suffix"],
    };
    if !asks.iter().all(|name| is_empty(member(&body, name))) {
        return None;
    }
    let keep_alive = member(&body, "keep_alive");
    let is_over =
        keep_alive.as_f64() == Some(0.0) || matches!(keep_alive.as_str(), Some("0" | "0s" | "0m"));
    let reason = if is_over { "unload" } else { "load" };
    let end = object([("done", json!(true)), ("done_reason", json!(reason))]);
    Some(Head::new(shape, echo).object(Said::default(), &end).to_string().into_bytes())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::{Value, json};

    use super::encode;
    use crate::{Echo, ollama::shape::Shape};

    fn answer(shape: Shape, body: &Value) -> Option<Value> {
        let (model, id) = ("asked".to_owned(), String::new());
        let echo = Echo { model, created: UNIX_EPOCH, id };
        let answer = encode(shape, body.to_string().as_bytes(), &echo)?;
        Some(serde_json::from_slice(&answer).unwrap())
    }

    #[test]
    fn loading_is_done_at_once() {
        for (body, reason) in [
            (json!({ "model": "m" }), "load"),
            (json!({ "model": "m", "prompt": "", "messages": [], "keep_alive": "5m" }), "load"),
            (json!({ "model": "m", "keep_alive": -1, "images": null }), "load"),
            (json!({ "model": "m", "keep_alive": 0 }), "unload"),
            (json!({ "model": "m", "keep_alive": "0s" }), "unload"),
        ] {
            let chat = answer(Shape::Chat, &body).unwrap();
            assert_eq!((&chat["done"], &chat["done_reason"]), (&json!(true), &json!(reason)));
            assert_eq!(chat["message"], json!({ "role": "assistant", "content": "" }));
            let generation = answer(Shape::Generate, &body).unwrap();
            assert_eq!(
                (&generation["model"], &generation["response"]),
                (&json!("asked"), &json!(""))
            );
        }
    }

    #[test]
    fn what_asks_something_is_no_such_request() {
        for (shape, body) in [
            (Shape::Chat, json!({ "messages": [{ "role": "user" }] })),
            (Shape::Chat, json!({ "messages": "Hi" })),
            (Shape::Generate, json!({ "prompt": "Hi" })),
            (Shape::Generate, json!({ "images": ["QUJD"] })),
            (Shape::Generate, json!({ "suffix": "x" })),
            (Shape::Chat, json!([])),
        ] {
            assert_eq!(answer(shape, &body), None, "{body}");
        }
    }
}
