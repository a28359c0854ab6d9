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

/// Reads the free text out of a call's arguments; those of another form are the text themselves.
pub(crate) fn input_of(arguments: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(arguments).ok();
    let input = parsed.as_ref().and_then(|parsed| parsed.get("input")?.as_str());
    input.unwrap_or(arguments).to_owned()
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
        assert_eq!(input_of("not JSON"), "not JSON");
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
}
