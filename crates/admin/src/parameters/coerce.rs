//! Gives the text of a form or query the type that its parameter has.

use serde_json::Value;

/// Reads `text` as the type that `schema` allows; text that does not fit stays text, for the check to name.
///
/// Empty text for an optional parameter means that it was left out, as browsers send empty fields.
pub(super) fn text(text: &str, schema: &Value) -> Value {
    let allows = |name| allows(schema, name);
    if text.is_empty() && allows("null") {
        return Value::Null;
    }
    if allows("string") {
        return Value::String(text.to_owned());
    }
    if allows("boolean")
        && let Some(flag) = boolean(text)
    {
        return Value::Bool(flag);
    }
    if allows("array") && !text.starts_with('[') {
        return Value::Array(vec![Value::String(text.to_owned())]);
    }
    let parsed = serde_json::from_str(text.trim()).unwrap_or(Value::Null);
    let fits = match &parsed {
        Value::Number(_) => allows("integer") || allows("number"),
        Value::Array(_) => allows("array"),
        Value::Object(_) => allows("object"),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    };
    if fits { parsed } else { Value::String(text.to_owned()) }
}

/// Reads a string of a JSON body likewise, except that it stays itself where it may, and else stands for a
/// list of itself, as in the OpenAI API's `stop`: whoever means an empty value or a longer list can write it.
pub(super) fn json_text(text: &str, schema: &Value) -> Value {
    let itself = || Value::String(text.to_owned());
    match (allows(schema, "string"), allows(schema, "array")) {
        (true, _) => itself(),
        (false, true) => Value::Array(vec![itself()]),
        (false, false) => self::text(text, schema),
    }
}

/// Whether `schema` allows values of the JSON Schema type `name`.
pub(super) fn allows(schema: &Value, name: &str) -> bool {
    let own = match schema.get("type") {
        Some(Value::String(only)) => only == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        Some(_) | None => false,
    };
    own || alternatives(schema).any(|alternative| allows(alternative, name))
}

/// The alternatives of a schema that is a choice.
pub(super) fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    let choices = ["anyOf", "oneOf"].into_iter().filter_map(|word| schema.get(word)?.as_array());
    choices.flatten()
}

/// Reads the words that forms use for true and false.
fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Some(true),
        "false" | "0" | "off" | "no" => Some(false),
        _ => None,
    }
}
