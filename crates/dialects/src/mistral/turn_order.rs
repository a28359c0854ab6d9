//! The order of roles that Mistral insists on; all others get 400 `invalid_request_message_order`.
//!
//! Source: `_validate_message_order` and `_validate_last_message` of
//! <https://github.com/mistralai/mistral-common>.

use canonical::Losses;
use serde_json::{Map, Value, json};

/// What the model is taken to have said between a tool's result and whoever speaks next but itself.
const BRIDGE: &str = "Understood.";

/// Brings messages into an order that the provider takes:
///
/// - Instructions behind an answer or a result, and those at the end, are the user's.
/// - Between a result and the user the model says something.
/// - An answer at the end says that it is a prefix.
pub(super) fn ordered(messages: Vec<Value>, losses: &mut Losses) -> Vec<Value> {
    let mut ordered: Vec<Value> = Vec::with_capacity(messages.len());
    let mut messages = messages.into_iter().peekable();
    while let Some(mut message) = messages.next() {
        let before = ordered.last().map(role).unwrap_or_default();
        let is_last = messages.peek().is_none();
        if let Some(members) = message.as_object_mut() {
            settle(members, before, is_last, losses);
        }
        if before == "tool" && role(&message) == "user" {
            losses.note("messages.order");
            ordered.push(json!({ "role": "assistant", "content": BRIDGE }));
        }
        ordered.push(message);
    }
    ordered
}

/// Gives a message the role that it may have where it stands.
fn settle(message: &mut Map<String, Value>, before: &str, is_last: bool, losses: &mut Losses) {
    match message.get("role").and_then(Value::as_str) {
        Some("system") if is_last || matches!(before, "assistant" | "tool") => {
            losses.note("messages.role");
            message.insert("role".to_owned(), "user".into());
        }
        Some("assistant") if is_last => {
            message.insert("prefix".to_owned(), true.into());
        }
        Some(_) | None => {}
    }
}

fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use canonical::Losses;
    use serde_json::json;

    use super::{ordered, role};

    #[test]
    fn every_order_becomes_one_that_is_taken() {
        for (roles, expected, lost) in [
            ("system user", "system user", ""),
            ("user system user", "user system user", ""),
            ("system", "user", "messages.role"),
            ("user assistant system user", "user assistant user user", "messages.role"),
            ("user assistant tool tool", "user assistant tool tool", ""),
            ("user assistant tool user", "user assistant tool assistant user", "messages.order"),
            (
                "user assistant tool system",
                "user assistant tool assistant user",
                "messages.role, messages.order",
            ),
        ] {
            let messages = roles.split(' ').map(|role| json!({ "role": role }));
            let mut losses = Losses::default();
            let messages = ordered(messages.collect(), &mut losses);
            let roles: Vec<_> = messages.iter().map(role).collect();
            assert_eq!((roles.join(" ").as_str(), losses.to_string().as_str()), (expected, lost));
        }
    }

    #[test]
    fn an_answer_at_the_end_is_a_prefix() {
        let messages = vec![json!({ "role": "user" }), json!({ "role": "assistant" })];
        let messages = ordered(messages, &mut Losses::default());
        assert_eq!(messages[1], json!({ "role": "assistant", "prefix": true }));
    }
}
