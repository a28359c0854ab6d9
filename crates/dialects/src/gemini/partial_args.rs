//! Arguments of a function call that come one JSON path at a time.
//!
//! Source: `PartialArg` of the Gemini API; paths are those of RFC 9535 that name one place.

use canonical::Fault;
use serde_json::{Value, json};

use crate::{
    LARGEST_FRAME_BYTES,
    assembly::malformed,
    json::{present, text},
};

/// What a piece costs beside its own text, so that many small ones are bounded too.
const PIECE_BYTES: usize = 64;

/// The deepest place that a piece may have.
const MOST_STEPS: usize = 64;

/// Arguments under construction.
#[derive(Debug)]
pub(super) struct PartialArgs {
    args: Value,
    bytes: usize,
}

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

impl PartialArgs {
    /// Starts with the arguments that the call opens with, if any.
    pub(super) fn new(args: Option<&Value>) -> Self {
        Self { args: args.cloned().unwrap_or(json!({})), bytes: 0 }
    }

    /// Takes one piece: a value for a place, or more of the string there.
    pub(super) fn take(&mut self, piece: &Value) -> Result<(), Fault> {
        let path = text(piece, "jsonPath").unwrap_or_default();
        let more = text(piece, "stringValue");
        self.bytes += PIECE_BYTES + path.len() + more.map_or(0, str::len);
        if self.bytes > LARGEST_FRAME_BYTES {
            return Err(malformed("the arguments of a function call are too large"));
        }
        let place = steps(path).and_then(|steps| place(&mut self.args, steps));
        let Some(place) = place else {
            return Err(malformed("an argument of a function call has no such place"));
        };
        match (place, more) {
            (Value::String(text), Some(more)) => text.push_str(more),
            (place, Some(more)) => *place = json!(more),
            (place, None) => {
                let values = ["numberValue", "boolValue"].map(|name| present(piece, name));
                *place = values.into_iter().flatten().next().cloned().unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Returns the arguments as JSON text.
    pub(super) fn into_text(self) -> String {
        self.args.to_string()
    }
}

/// Reads a path such as `$.trip.stops[0]['the name']`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if steps.len() == MOST_STEPS {
            return None;
        }
        let step;
        if let Some(dotted) = rest.strip_prefix('.') {
            let (name, behind) = dotted.split_at(dotted.find(['.', '[']).unwrap_or(dotted.len()));
            step = Step::Member(name.to_owned());
            rest = behind;
        } else if let Some(quoted) = rest.strip_prefix("['") {
            let (name, behind) = quoted.split_once("']")?;
            step = Step::Member(name.to_owned());
            rest = behind;
        } else {
            let (number, behind) = rest.strip_prefix('[')?.split_once(']')?;
            step = Step::Element(number.parse().ok()?);
            rest = behind;
        }
        steps.push(step);
    }
    Some(steps)
}

/// Finds the place in the arguments, making what is missing on the way; elements come in order.
fn place(root: &mut Value, steps: Vec<Step>) -> Option<&mut Value> {
    steps.into_iter().try_fold(root, |value, step| match step {
        Step::Member(name) => {
            if value.is_null() {
                *value = json!({});
            }
            Some(value.as_object_mut()?.entry(name).or_insert(Value::Null))
        }
        Step::Element(index) => {
            if value.is_null() {
                *value = json!([]);
            }
            let elements = value.as_array_mut()?;
            if index == elements.len() {
                elements.push(Value::Null);
            }
            elements.get_mut(index)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::PartialArgs;

    fn built(pieces: &[Value]) -> Option<String> {
        let mut args = PartialArgs::new(None);
        for piece in pieces {
            args.take(piece).ok()?;
        }
        Some(args.into_text())
    }

    #[test]
    fn pieces_make_an_object() {
        for (pieces, expected) in [
            (vec![], "{}"),
            (
                vec![
                    json!({"jsonPath": "$.city", "stringValue": "San ", "willContinue": true}),
                    json!({"jsonPath": "$.city", "stringValue": "Remo"}),
                    json!({"jsonPath": "$.city", "stringValue": ""}),
                ],
                r#"{"city":"San Remo"}"#,
            ),
            (
                vec![
                    json!({"jsonPath": "$.stops[0].name", "stringValue": "a"}),
                    json!({"jsonPath": "$.stops[1]['the name']", "numberValue": 2.5}),
                    json!({"jsonPath": "$.fast", "boolValue": true}),
                    json!({"jsonPath": "$.none", "nullValue": "NULL_VALUE"}),
                ],
                r#"{"stops":[{"name":"a"},{"the name":2.5}],"fast":true,"none":null}"#,
            ),
        ] {
            assert_eq!(built(&pieces).as_deref(), Some(expected));
        }
    }

    #[test]
    fn impossible_places_are_refused() {
        for path in ["", "city", "$.a[7]", "$.a[", "$[0]", "$.a[18446744073709551616]", "$x"] {
            assert_eq!(built(&[json!({"jsonPath": path, "boolValue": true})]), None, "{path}");
        }
        let deep = format!("${}", ".a".repeat(100));
        assert_eq!(built(&[json!({"jsonPath": deep, "boolValue": true})]), None);
        let text = "x".repeat(300_000);
        let piece = json!({"jsonPath": "$.a", "stringValue": text});
        assert_eq!(built(&[piece.clone(), piece.clone(), piece.clone(), piece]), None);
    }
}
