//! Tools that take one free text, for providers that only know tools that take an object.
//!
//! Such a tool is declared as a function with the one string `input`, and its calls carry `{"input": TEXT}`.

use std::borrow::Cow;

use canonical::{Request, Tool};
use serde_json::{Value, json};

/// Declares a tool as a function; one that takes an object stays as it is.
pub(crate) fn as_function(tool: &Tool) -> Cow<'_, Tool> {
    if !tool.freeform {
        return Cow::Borrowed(tool);
    }
    let input =
        json!({ "type": "string", "description": "The whole input of the tool, as plain text." });
    let schema = json!({ "type": "object", "properties": { "input": input },
        "required": ["input"], "additionalProperties": false });
    Cow::Owned(Tool { parameters: Some(schema), freeform: false, ..tool.clone() })
}

/// Whether the caller declared the tool of that name as one that takes free text.
pub(crate) fn is_freeform(request: &Request, name: &str) -> bool {
    request.tools.iter().any(|tool| tool.freeform && tool.name == name)
}

/// Writes the arguments of a call with free text.
pub(crate) fn arguments_of(input: &str) -> String {
    json!({ "input": input }).to_string()
}

/// Reads the free text out of a call's arguments. A model that named its one string otherwise meant it all the same,
/// and what is no such object is the text itself.
pub(crate) fn input_of(arguments: &str) -> String {
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
    use canonical::Tool;

    use super::{arguments_of, as_function, input_of};

    #[test]
    fn free_text_travels_as_the_one_argument() {
        for text in ["", "SELECT \"a\"\n", "{\"input\":1}"] {
            assert_eq!(input_of(&arguments_of(text)), text);
        }
        let tool = Tool {
            name: "sql".into(),
            description: None,
            parameters: None,
            strict: None,
            freeform: true,
        };
        let schema = as_function(&tool).parameters.clone().unwrap();
        assert_eq!(schema["required"][0], "input");
        let tool = Tool { freeform: false, ..tool };
        assert_eq!(as_function(&tool).parameters, None);
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
            assert_eq!(input_of(arguments), expected);
        }
    }
}
