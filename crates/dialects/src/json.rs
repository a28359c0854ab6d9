//! Reads members of a provider's JSON without insisting on their types: what does not fit is not there.

use serde_json::Value;

use crate::Malformed;

/// Parses a body.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Malformed> {
    serde_json::from_slice(body)
        .map_err(|error| Malformed(format!("the body is not JSON: {error}")))
}

/// Returns a member, null where there is none.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// Returns whether a member is there and true.
pub(crate) fn is_true(value: &Value, name: &str) -> bool {
    member(value, name) == true
}

/// Returns a member that is there and not null.
pub(crate) fn present<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).filter(|member| !member.is_null())
}

/// Returns a member's text.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

/// Returns a member's text unless it is empty.
pub(crate) fn filled<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    text(value, name).filter(|text| !text.is_empty())
}

/// Returns a member's value as a count; `5.0` counts as 5.
pub(crate) fn count(value: &Value, name: &str) -> Option<u64> {
    let number = value.get(name)?;
    number.as_u64().or_else(|| integral(number.as_f64()?))
}

/// Returns a member's elements, none when it is no array.
pub(crate) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Turns a float without a fraction into a count; those above 2^53 are no longer exact.
fn integral(number: f64) -> Option<u64> {
    const MOST: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..=MOST).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::count;

    #[test]
    fn counts_may_be_written_as_floats() {
        for (number, expected) in [
            (json!(5), Some(5)),
            (json!(5.0), Some(5)),
            (json!(5.5), None),
            (json!(-1), None),
            (json!(1e300), None),
            (json!("5"), None),
            (json!(null), None),
        ] {
            assert_eq!(count(&json!({ "n": number }), "n"), expected, "{number}");
        }
    }
}
