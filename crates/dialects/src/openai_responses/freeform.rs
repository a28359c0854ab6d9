//! Free text for a tool, as the one string of an object.
//!
//! A custom tool takes any text. The canonical form, like every other dialect, knows arguments as a JSON object.

use serde_json::{Value, json};

/// The JSON Schema of the object.
pub(super) fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": { "input": { "type": "string" } },
        "required": ["input"],
        "additionalProperties": false,
    })
}

/// Wraps free text as arguments.
pub(super) fn wrapped(input: &str) -> String {
    json!({ "input": input }).to_string()
}

/// Finds the free text in arguments; a model that named its one string otherwise meant it all the same, and
/// what is no such object is the text itself.
pub(super) fn unwrapped(arguments: &str) -> String {
    let Ok(Value::Object(members)) = serde_json::from_str(arguments) else {
        return arguments.to_owned();
    };
    match (members.get("input"), members.values().next(), members.len()) {
        (Some(Value::String(text)), _, _) | (_, Some(Value::String(text)), 1) => text.clone(),
        _ => arguments.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{unwrapped, wrapped};

    #[test]
    fn text_comes_back_as_it_went() {
        for text in ["", "a\n\"b\"", "{}"] {
            assert_eq!(unwrapped(&wrapped(text)), text);
        }
    }

    #[test]
    fn what_a_model_makes_of_it_is_understood() {
        for (arguments, expected) in [
            (r#"{"input":"a","why":"b"}"#, "a"),
            (r#"{"patch":"a"}"#, "a"),
            (r#"{"patch":"a","why":"b"}"#, r#"{"patch":"a","why":"b"}"#),
            (r#"{"input":"cut o"#, r#"{"input":"cut o"#),
            ("bare", "bare"),
        ] {
            assert_eq!(unwrapped(arguments), expected);
        }
    }
}
