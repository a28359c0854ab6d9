//! JSON Schema as the provider takes it where it holds answers to one.
//!
//! Source: "JSON Schema limitations" of <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>

use canonical::Losses;
use serde_json::{Value, json};

use crate::subschemas::with_subschemas;

/// What the provider answers with 400.
const REFUSED: [&str; 10] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "maxProperties",
];

/// Writes a schema. Objects have to be closed, and bounds can't be set; either is noted under `group`.
pub(super) fn fitted(schema: &Value, group: &str, losses: &mut Losses) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let is_object = members.contains_key("properties") || names_object(members.get("type"));
    let mut fitting = serde_json::Map::new();
    for (name, value) in members {
        if REFUSED.contains(&name.as_str()) || (is_object && is_open(name, value)) {
            losses.note(format!("{group}.{name}"));
        } else {
            let value = with_subschemas(name, value.clone(), |one| fitted(&one, group, losses));
            fitting.insert(name.clone(), value);
        }
    }
    if is_object && fitting.insert("additionalProperties".to_owned(), json!(false)).is_none() {
        losses.note(format!("{group}.additionalProperties"));
    }
    fitting.into()
}

fn names_object(kind: Option<&Value>) -> bool {
    match kind {
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        Some(kind) => kind == "object",
        None => false,
    }
}

/// Whether a member lets in properties that aren't named.
fn is_open(name: &str, value: &Value) -> bool {
    name == "additionalProperties" && *value != json!(false)
}

#[cfg(test)]
mod tests {
    use canonical::Losses;
    use serde_json::{Value, json};

    use super::fitted;

    fn check(schema: Value, expected: Value, lost: &str) {
        let mut losses = Losses::default();
        let written = fitted(&schema, "schema", &mut losses);
        assert_eq!((written, losses.to_string().as_str()), (expected, lost));
    }

    #[test]
    fn objects_are_closed_at_any_depth() {
        let open = || json!({"type": ["object", "null"], "properties": {}});
        let closed =
            json!({"type": ["object", "null"], "properties": {}, "additionalProperties": false});
        let lost = "schema.additionalProperties";
        check(open(), closed.clone(), lost);
        check(closed.clone(), closed.clone(), "");
        check(json!({"anyOf": [open()]}), json!({"anyOf": [closed.clone()]}), lost);
        let of = |one: Value| json!({"type": "object", "properties": {"a": one}, "additionalProperties": false});
        check(of(open()), of(closed), lost);
    }

    #[test]
    fn what_cannot_be_held_to_is_noted() {
        check(
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            json!({"type": "object", "additionalProperties": false}),
            "schema.additionalProperties",
        );
        check(
            json!({"type": "integer", "minimum": 0, "enum": [1, 2]}),
            json!({"type": "integer", "enum": [1, 2]}),
            "schema.minimum",
        );
        // Names of properties are no words of the schema.
        let named = json!({
            "type": "object",
            "properties": {"minimum": {"type": "number"}},
            "additionalProperties": false,
        });
        check(named.clone(), named, "");
    }
}
