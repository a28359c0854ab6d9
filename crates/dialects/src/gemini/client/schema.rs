//! The provider's subset of OpenAPI as the JSON Schema that all other dialects speak.
//!
//! Source: `Schema` of <https://ai.google.dev/api/caching>

use serde_json::{Map, Value, json};

use super::spelling::camel_case;
use crate::subschemas::with_subschemas;

/// Counts, which are written as texts too.
const COUNTS: [&str; 6] =
    ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"];

/// Translates a schema; what is JSON Schema already stays as it is.
pub(super) fn json_schema(schema: Value) -> Value {
    let Value::Object(members) = schema else { return schema };
    let mut translated = Map::new();
    let (mut nullable, mut order) = (false, Vec::new());
    for (name, value) in members {
        let name = camel_case(&name);
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("nullable", value) => nullable = value == true,
            ("propertyOrdering", Value::Array(names)) => order = names,
            ("type", Value::String(word)) if word == "TYPE_UNSPECIFIED" => {}
            ("type", value) => {
                translated.insert(name, lower_case(value));
            }
            ("example", value) => {
                translated.insert("examples".to_owned(), json!([value]));
            }
            // OpenAPI's word for a string with a list of values; JSON Schema's formats have no such.
            ("format", value) if value == "enum" => {}
            (_, value) => {
                let value = member(&name, value);
                translated.insert(name, value);
            }
        }
    }
    if let Some(properties) = translated.get_mut("properties").and_then(Value::as_object_mut) {
        sort(properties, &order);
    }
    if nullable {
        allow_null(&mut translated);
    }
    translated.into()
}

/// Reads a count, and the schemas within any other member.
fn member(name: &str, value: Value) -> Value {
    match value {
        Value::String(text) if COUNTS.contains(&name) => {
            text.parse::<u64>().map_or(Value::String(text), Value::from)
        }
        value => with_subschemas(name, value, json_schema),
    }
}

fn lower_case(word: Value) -> Value {
    match word {
        Value::String(word) => word.to_ascii_lowercase().into(),
        Value::Array(words) => words.into_iter().map(lower_case).collect(),
        other => other,
    }
}

/// Puts the named properties first: models write members in the order in which they are listed.
fn sort(properties: &mut Map<String, Value>, order: &[Value]) {
    let mut sorted: Map<_, _> = order
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|name| properties.shift_remove_entry(name))
        .collect();
    sorted.append(properties);
    *properties = sorted;
}

fn allow_null(schema: &mut Map<String, Value>) {
    match schema.get_mut("type") {
        Some(Value::String(word)) if word != "null" => {
            let union = json!([word, "null"]);
            schema.insert("type".to_owned(), union);
        }
        Some(_) => {}
        None => {
            if let Some(Value::Array(schemas)) = schema.get_mut("anyOf") {
                schemas.push(json!({"type": "null"}));
            }
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::json_schema;

    #[test]
    fn openapi_becomes_json_schema() {
        for (schema, expected) in [
            (json!({"type": "STRING"}), json!({"type": "string"})),
            (json!({"type": "TYPE_UNSPECIFIED"}), json!({})),
            (json!({"type": "STRING", "nullable": true}), json!({"type": ["string", "null"]})),
            (json!({"type": "STRING", "nullable": false}), json!({"type": "string"})),
            (
                json!({"type": "STRING", "format": "enum", "enum": ["a"], "nullable": true}),
                json!({"type": ["string", "null"], "enum": ["a", null]}),
            ),
            (
                json!({"any_of": [{"type": "NUMBER"}], "nullable": true}),
                json!({"anyOf": [{"type": "number"}, {"type": "null"}]}),
            ),
            (
                json!({"type": "ARRAY", "items": {"type": "INTEGER"}, "minItems": "2", "example": [1]}),
                json!({"type": "array", "items": {"type": "integer"}, "minItems": 2, "examples": [[1]]}),
            ),
            (
                json!({"type": "object", "$ref": "#/$defs/a", "$defs": {"a": {"type": ["STRING", "NULL"]}}}),
                json!({"type": "object", "$ref": "#/$defs/a", "$defs": {"a": {"type": ["string", "null"]}}}),
            ),
            (json!(true), json!(true)),
        ] {
            assert_eq!(json_schema(schema), expected);
        }
    }

    #[test]
    fn properties_keep_their_names_and_get_their_order() {
        let schema = json!({
            "properties": {"top_k": {"type": "NUMBER"}, "type": {"type": "STRING"}, "b": {}},
            "propertyOrdering": ["b", "type", "none"],
        });
        let expected =
            r#"{"properties":{"b":{},"type":{"type":"string"},"top_k":{"type":"number"}}}"#;
        assert_eq!(Value::to_string(&json_schema(schema)), expected);
    }
}
