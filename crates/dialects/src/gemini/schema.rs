//! JSON Schema as the provider takes it.
//!
//! Nearly all of it may be sent; what is edited here is what the provider refuses or does not heed.
//! Source: `GenerationConfig.responseJsonSchema` of <https://ai.google.dev/api/generate-content>

use canonical::Losses;
use serde_json::{Map, Value, json};

use crate::subschemas::with_subschemas;

/// Writes a schema. A reference may stand with nothing beside it but members that begin with `$`; others are
/// noted under `group`. Values have no word of their own when they are alone.
pub(super) fn fitted(schema: &Value, group: &str, losses: &mut Losses) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let is_reference = members.contains_key("$ref");
    let mut fitting = Map::new();
    for (name, value) in members {
        if is_reference && !name.starts_with('$') {
            losses.note(format!("{group}.{name}"));
        } else if name == "const" && (value.is_string() || value.is_number()) {
            fitting.entry("enum").or_insert_with(|| json!([value]));
        } else {
            let value = with_subschemas(name, value.clone(), |one| fitted(&one, group, losses));
            fitting.insert(name.clone(), value);
        }
    }
    fitting.into()
}

#[cfg(test)]
mod tests {
    use canonical::Losses;
    use serde_json::json;

    use super::fitted;

    #[test]
    fn only_what_is_refused_is_edited() {
        for (schema, expected, lost) in [
            (
                json!({"$ref": "#/$defs/a", "description": "A.", "$comment": "c"}),
                json!({"$ref": "#/$defs/a", "$comment": "c"}),
                "g.description",
            ),
            (
                json!({"properties": {"a": {"items": {"anyOf": [{"const": "x"}, {"const": 5}]}}}}),
                json!({"properties": {"a": {"items": {"anyOf": [{"enum": ["x"]}, {"enum": [5]}]}}}}),
                "",
            ),
            (json!({"const": true}), json!({"const": true}), ""),
            (
                json!({"$defs": {"$ref": {"$ref": "#", "title": "T"}}, "title": "T", "pattern": "x"}),
                json!({"$defs": {"$ref": {"$ref": "#"}}, "title": "T", "pattern": "x"}),
                "g.title",
            ),
            (json!({"default": {"$ref": 1, "a": 2}}), json!({"default": {"$ref": 1, "a": 2}}), ""),
            (json!(true), json!(true), ""),
        ] {
            let mut losses = Losses::default();
            assert_eq!(fitted(&schema, "g", &mut losses), expected);
            assert_eq!(losses.to_string(), lost);
        }
    }
}
