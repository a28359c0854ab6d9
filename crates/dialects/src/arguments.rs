//! The arguments of a tool call as a JSON object.

use canonical::{Losses, ToolCall};
use serde_json::{Value, json};

/// Reads the arguments for a dialect that takes nothing but an object. A call that was cut off is no
/// JSON; it becomes an empty object, and that is noted.
pub(crate) fn arguments(call: &ToolCall, losses: &mut Losses) -> Value {
    if call.arguments.trim().is_empty() {
        return json!({});
    }
    let arguments = serde_json::from_str(&call.arguments).ok().filter(Value::is_object);
    arguments.unwrap_or_else(|| {
        losses.note("messages.tool_calls.arguments");
        json!({})
    })
}

#[cfg(test)]
mod tests {
    use canonical::{Losses, ToolCall};

    use super::arguments;

    #[test]
    fn only_objects_are_carried() {
        for (text, expected, is_lost) in [
            (r#"{"b":1,"a":2}"#, r#"{"b":1,"a":2}"#, false),
            (" ", "{}", false),
            (r#"{"city":"Pa"#, "{}", true),
            ("[1]", "{}", true),
        ] {
            let (id, name) = (String::new(), String::new());
            let call = ToolCall { id, name, arguments: text.to_owned(), seal: None };
            let mut losses = Losses::default();
            assert_eq!(arguments(&call, &mut losses).to_string(), expected);
            assert_eq!(!losses.is_empty(), is_lost, "{text}");
        }
    }
}
