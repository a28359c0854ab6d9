//! Reads members of a provider's JSON without insisting on their types: what does not fit is not there,
//! except where an answer would then seem empty.

use canonical::Fault;
use serde_json::Value;

use crate::{Malformed, assembly::malformed};

/// Counts from here on are nonsense, and not every JSON reader tells them apart (RFC 8259, section 6).
const TOO_MANY: u64 = 1 << 53;

/// Parses a body.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Malformed> {
    value_of(body).map_err(|error| Malformed(format!("the body is not JSON: {error}")))
}

/// Reads JSON. Half a surrogate pair, which many programs write for half an emoji, becomes U+FFFD.
pub(crate) fn value_of(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(text).or_else(|error| match without_lone_surrogates(text) {
        Some(mended) => serde_json::from_slice(&mended),
        None => Err(error),
    })
}

/// Replaces each escape of half a surrogate pair; none where there is none.
fn without_lone_surrogates(text: &[u8]) -> Option<Vec<u8>> {
    const REPLACEMENT: &[u8] = br"\ufffd";
    let mut mended: Option<Vec<u8>> = None;
    let (mut at, mut copied) = (0, 0);
    while let Some(offset) = memchr::memchr(b'\\', text.get(at..)?) {
        let start = at + offset;
        at = match (surrogate(text, start), surrogate(text, start + 6)) {
            (None, _) => start + 2,
            (Some(Half::High), Some(Half::Low)) => start + 12,
            (Some(Half::High | Half::Low), _) => {
                let out = mended.get_or_insert_default();
                out.extend_from_slice(text.get(copied..start)?);
                out.extend_from_slice(REPLACEMENT);
                copied = start + 6;
                copied
            }
        };
    }
    let mut mended = mended?;
    mended.extend_from_slice(text.get(copied..)?);
    Some(mended)
}

/// Half of a surrogate pair.
enum Half {
    High,
    Low,
}

/// The half that is escaped at a place.
fn surrogate(text: &[u8], at: usize) -> Option<Half> {
    let digits = text.get(at..at + 6)?.strip_prefix(br"\u")?;
    match u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
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

/// Returns a member as the type that `read` reads, unless it is absent or null.
///
/// # Errors
///
/// Fails when it is of another type.
pub(crate) fn typed<'a, T>(
    value: &'a Value,
    name: &str,
    read: fn(&'a Value) -> Option<T>,
) -> Result<Option<T>, Fault> {
    let wrong = || malformed(format!("`{name}` is of the wrong type"));
    present(value, name).map(|member| read(member).ok_or_else(wrong)).transpose()
}

/// Returns a value that is an object.
pub(crate) fn object(value: &Value) -> Option<&Value> {
    value.is_object().then_some(value)
}

/// Returns a member's text.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

/// Returns a member's text unless it is empty.
pub(crate) fn filled<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    text(value, name).filter(|text| !text.is_empty())
}

/// Returns a member's value as a count below 2^53; `5.0` counts as 5.
pub(crate) fn count(value: &Value, name: &str) -> Option<u64> {
    let number = value.get(name)?;
    let count = number.as_u64().or_else(|| integral(number.as_f64()?))?;
    (count < TOO_MANY).then_some(count)
}

/// Returns a member's elements, none when it is no array.
pub(crate) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Turns a float without a fraction into a count; the cast saturates.
fn integral(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && number >= 0.0).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{count, value_of};

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        for (text, expected) in [
            (r#""a\ud83d\ude00b""#, Some("a\u{1f600}b")),
            (r#""a\ud83db""#, Some("a\u{fffd}b")),
            (r#""\ude00\ud83d""#, Some("\u{fffd}\u{fffd}")),
            (r#""\ud83d\ud83d\ude00""#, Some("\u{fffd}\u{1f600}")),
            (r#""\\ud83d""#, Some(r"\ud83d")),
            (r#""\ud83d"#, None),
        ] {
            assert_eq!(value_of(text.as_bytes()).ok(), expected.map(|text| json!(text)), "{text}");
        }
    }

    #[test]
    fn counts_may_be_written_as_floats_and_stay_below_nonsense() {
        for (number, expected) in [
            (json!(5), Some(5)),
            (json!(5.0), Some(5)),
            (json!(5.5), None),
            (json!(-1), None),
            (json!(1e300), None),
            (json!(9_007_199_254_740_991_u64), Some(9_007_199_254_740_991)),
            (json!(9_007_199_254_740_992_u64), None),
            (json!(9_007_199_254_740_992.0), None),
            (json!("5"), None),
            (json!(null), None),
        ] {
            assert_eq!(count(&json!({ "n": number }), "n"), expected, "{number}");
        }
    }
}
