//! What a config file declares, held to the schema of what the API takes.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{
    check,
    fault::{Fault, step},
    required, schema_of,
};

/// Something wrong with a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredFault {
    /// The names and indices that lead to the value; empty where the whole is meant.
    pub path: Vec<String>,
    /// What is wrong with it; it never repeats a value.
    pub sentence: String,
}

/// Reads a `T` out of the members of a declaration.
///
/// # Errors
///
/// Everything that the schema of `T` forbids, members that it doesn't know included.
pub fn declared<T: DeserializeOwned + JsonSchema>(
    members: Map<String, Value>,
) -> Result<T, Vec<DeclaredFault>> {
    let schema = schema_of::<T>();
    let properties = schema.get("properties").and_then(Value::as_object);
    let known = |name: &str| properties.and_then(|properties| properties.get(name));
    let mut faults = Vec::new();
    for name in required(&schema) {
        if !members.contains_key(name) {
            let sentence = format!("`{name}` is missing");
            faults.push(DeclaredFault { path: Vec::new(), sentence });
        }
    }
    for (name, value) in &members {
        let mut loc = vec![json!(name)];
        let Some(schema) = known(name) else {
            let known: Vec<_> =
                properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
            let unknown = DeclaredFault::from(Fault::unknown(&loc, &known));
            faults.push(DeclaredFault { path: vec![name.clone()], ..unknown });
            continue;
        };
        let mut wrong = Vec::new();
        check::check(value, schema, &mut loc, &mut wrong);
        faults.extend(wrong.into_iter().map(DeclaredFault::from));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    serde_json::from_value(Value::Object(members)).map_err(|_| {
        let sentence = "it does not fit together: see the reference of the API".to_owned();
        vec![DeclaredFault { path: Vec::new(), sentence }]
    })
}

impl From<Fault> for DeclaredFault {
    fn from(fault: Fault) -> Self {
        let path = |loc: Vec<Value>| {
            let text = |step: Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
            loc.into_iter().map(text).collect()
        };
        match fault {
            Fault::Refused(sentence) => Self { path: Vec::new(), sentence },
            Fault::Unknown { loc, advice } => {
                let name = loc.last().map(step).unwrap_or_default();
                Self { path: path(loc), sentence: format!("unknown key `{name}` ({advice})") }
            }
            Fault::Malformed { loc, msg: _, kind: "missing" } => {
                let name = loc.last().map(step).unwrap_or_default();
                let mut path: Vec<String> = path(loc);
                path.pop();
                Self { path, sentence: format!("`{name}` is missing") }
            }
            Fault::Malformed { loc, msg, kind: _ } => {
                let path: Vec<String> = path(loc);
                let sentence = format!("{}: {msg}", path.join("."));
                Self { path, sentence }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only ever read into")]
    struct Thing {
        /// Its name.
        name: String,
        /// How many.
        #[schemars(range(min = 1, max = 9))]
        count: Option<u32>,
        /// Its parts.
        parts: Option<Vec<Part>>,
        /// Secrets.
        headers: Option<BTreeMap<String, String>>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only ever read into")]
    struct Part {
        /// Its size.
        size: u32,
    }

    #[track_caller]
    fn check(members: Value, expected: &[(&[&str], &str)]) {
        let members = members.as_object().unwrap().clone();
        let found = declared::<Thing>(members).err().unwrap_or_default();
        let found: Vec<_> =
            found.iter().map(|fault| (fault.path.join("."), fault.sentence.as_str())).collect();
        let expected: Vec<_> =
            expected.iter().map(|(path, sentence)| (path.join("."), *sentence)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_fault_is_told_with_what_leads_there() {
        check(json!({ "name": "x", "count": 3, "parts": [{ "size": 1 }] }), &[]);
        check(
            json!({
                "nmae": "x", "count": 10, "parts": [{ "size": 1 }, { "size": "big", "sise": 1 }, {}],
                "headers": { "x-a": 1 },
            }),
            &[
                (&[], "`name` is missing"),
                (&["nmae"], "unknown key `nmae` (did you mean 'name'?)"),
                (&["count"], "count: Input should be less than or equal to 9"),
                (
                    &["parts", "1", "size"],
                    "parts.1.size: Input should be a valid integer, unable to parse string as an integer",
                ),
                (&["parts", "1", "sise"], "unknown key `sise` (did you mean 'size'?)"),
                (&["parts", "2"], "`size` is missing"),
                (&["headers", "x-a"], "headers.x-a: Input should be a valid string"),
            ],
        );
    }
}
