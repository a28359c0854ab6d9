//! Where a JSON Schema holds further schemas.

use serde_json::Value;

/// Members that hold one schema.
const ONE: [&str; 3] = ["items", "additionalProperties", "not"];
/// Members that hold a list of schemas.
const LISTS: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
/// Members that hold named schemas.
const NAMED: [&str; 4] = ["properties", "patternProperties", "$defs", "definitions"];

/// Translates the schemas within the member `name` of a schema.
pub(crate) fn with_subschemas(
    name: &str,
    value: Value,
    mut translate: impl FnMut(Value) -> Value,
) -> Value {
    match value {
        Value::Object(_) if ONE.contains(&name) => translate(value),
        Value::Array(schemas) if LISTS.contains(&name) => {
            schemas.into_iter().map(translate).collect()
        }
        Value::Object(named) if NAMED.contains(&name) => {
            let named = named.into_iter().map(|(name, schema)| (name, translate(schema)));
            Value::Object(named.collect())
        }
        value => value,
    }
}
