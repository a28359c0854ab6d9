//! Holds a value to the part of JSON Schema that our own types produce.

use serde_json::{Map, Number, Value, json};

use super::{
    coerce::{allows, alternatives},
    fault::Fault,
    required,
};

/// Faults after which no more are looked for.
const MOST_FAULTS: usize = 100;

/// Appends everything about `value` that `schema` forbids; `loc` is where the value stands.
pub(super) fn check(value: &Value, schema: &Value, loc: &mut Vec<Value>, faults: &mut Vec<Fault>) {
    if faults.len() >= MOST_FAULTS {
        return;
    }
    if let Some(words) = words(schema) {
        let known = value.as_str().is_some_and(|word| words.contains(&word))
            || value.is_null() && allows(schema, "null");
        if !known {
            let list =
                words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" or ");
            faults.push(malformed(loc, format!("Input should be {list}"), "enum"));
        }
        return;
    }
    match value {
        Value::Null if allows(schema, "null") => {}
        Value::Bool(_) if allows(schema, "boolean") => {}
        Value::String(_) if allows(schema, "string") => {}
        Value::Number(number) if allows(schema, "number") => {
            bounds(number.as_f64(), schema, loc, faults);
        }
        Value::Number(number) if allows(schema, "integer") && fits(number, schema) => {
            bounds(number.as_f64(), schema, loc, faults);
        }
        Value::Array(items) if allows(schema, "array") => {
            if let Some(item_schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    within(loc, json!(index), |loc| check(item, item_schema, loc, faults));
                }
            }
        }
        Value::Object(members) if allows(schema, "object") => object(members, schema, loc, faults),
        _ => {
            let (msg, kind) = expectation(value, schema);
            faults.push(malformed(loc, msg.to_owned(), kind));
        }
    }
}

/// Checks the members of an object.
fn object(
    members: &Map<String, Value>,
    schema: &Value,
    loc: &mut Vec<Value>,
    faults: &mut Vec<Fault>,
) {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for name in required(schema) {
        if !members.contains_key(name) {
            within(loc, json!(name), |loc| faults.push(Fault::missing(loc.clone())));
        }
    }
    for (name, value) in members {
        let further = schema.get("additionalProperties");
        within(loc, json!(name), |loc| match (properties.get(name), further) {
            (Some(schema), _) => check(value, schema, loc, faults),
            (None, Some(Value::Bool(false))) => {
                let known: Vec<_> = properties.keys().map(String::as_str).collect();
                faults.push(Fault::unknown(loc, &known));
            }
            (None, Some(schema @ Value::Object(_))) => check(value, schema, loc, faults),
            (None, _) => {}
        });
    }
}

/// Whether a number is an integer of the width that the schema names.
fn fits(number: &Number, schema: &Value) -> bool {
    match schema.get("format").and_then(Value::as_str) {
        Some("int64") => number.is_i64(),
        _ => !number.is_f64(),
    }
}

/// Checks the range of a number.
fn bounds(number: Option<f64>, schema: &Value, loc: &[Value], faults: &mut Vec<Fault>) {
    let bound = |word| schema.get(word).and_then(Value::as_f64);
    let Some(number) = number else { return };
    if let Some(least) = bound("minimum")
        && number < least
    {
        let msg = format!("Input should be greater than or equal to {least}");
        faults.push(malformed(loc, msg, "greater_than_equal"));
    }
    if let Some(most) = bound("maximum")
        && number > most
    {
        let msg = format!("Input should be less than or equal to {most}");
        faults.push(malformed(loc, msg, "less_than_equal"));
    }
}

/// The words of a closed set, when that is what a schema describes.
fn words(schema: &Value) -> Option<Vec<&str>> {
    let own = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let constant = schema.get("const").into_iter();
    let mut words: Vec<&str> = own.chain(constant).filter_map(Value::as_str).collect();
    for alternative in alternatives(schema) {
        words.extend(self::words(alternative).unwrap_or_default());
    }
    (!words.is_empty()).then_some(words)
}

/// What should have stood where `value` stands, in the words of FastAPI's own errors.
fn expectation(value: &Value, schema: &Value) -> (&'static str, &'static str) {
    let sent_text = value.is_string();
    let expected = ["string", "integer", "number", "boolean", "array", "object"];
    match expected.into_iter().find(|name| allows(schema, name)) {
        Some("string") => ("Input should be a valid string", "string_type"),
        Some("integer") if sent_text => {
            ("Input should be a valid integer, unable to parse string as an integer", "int_parsing")
        }
        Some("integer") => ("Input should be a valid integer", "int_type"),
        Some("number") if sent_text => {
            ("Input should be a valid number, unable to parse string as a number", "float_parsing")
        }
        Some("number") => ("Input should be a valid number", "float_type"),
        Some("boolean") => ("Input should be a valid boolean", "bool_type"),
        Some("array") => ("Input should be a valid list", "list_type"),
        _ => ("Input should be a valid dictionary", "dict_type"),
    }
}

fn malformed(loc: &[Value], msg: String, kind: &'static str) -> Fault {
    Fault::Malformed { loc: loc.to_vec(), msg, kind }
}

/// Runs `work` one step deeper.
fn within(loc: &mut Vec<Value>, step: Value, work: impl FnOnce(&mut Vec<Value>)) {
    loc.push(step);
    work(loc);
    loc.pop();
}
