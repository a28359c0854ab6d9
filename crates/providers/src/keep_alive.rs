//! How long an Ollama server keeps a model in memory after a chat.

use serde_json::Value;

/// The longest time that counts as one, in seconds: some thirty years, well below what Ollama itself can hold.
const LONGEST_S: i64 = 1_000_000_000;

/// How long a model stays loaded, as it was written and in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct KeepAlive {
    written: Value,
    seconds: i64,
}

impl KeepAlive {
    /// Reads a duration such as `"5m"` or `"1h30m"`, or seconds; -1 is for ever.
    ///
    /// # Errors
    ///
    /// Returns a sentence that says what is allowed.
    pub(crate) fn parse(written: &Value) -> Result<Self, String> {
        let seconds = match written {
            Value::String(text) => text.parse().ok().or_else(|| duration(text)),
            Value::Number(number) => number.as_i64(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let seconds = seconds.filter(|seconds| (-1..=LONGEST_S).contains(seconds));
        let seconds = seconds.ok_or_else(|| {
            format!(
                "Invalid settings.keep_alive {written}: use a duration such as \"5m\", a whole number of seconds, \
                 or -1 to keep models loaded for ever"
            )
        })?;
        Ok(Self { written: written.clone(), seconds })
    }

    /// The time in seconds; -1 is for ever.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// The time as it was written.
    pub(crate) fn to_json(&self) -> Value {
        self.written.clone()
    }
}

/// Reads numbers with their units, such as `1h30m`.
fn duration(text: &str) -> Option<i64> {
    let (mut seconds, mut rest) = (0_i64, text);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after.chars().next()?;
        let length = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return None,
        };
        let more = number.parse::<i64>().ok()?.checked_mul(length)?;
        seconds = seconds.checked_add(more)?;
        rest = after.strip_prefix(unit)?;
    }
    Some(seconds).filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::KeepAlive;

    #[test]
    fn durations_and_seconds_are_read_and_given_back() {
        for (written, expected) in [
            (json!("5m"), Some(300)),
            (json!("1h30m"), Some(5400)),
            (json!("24h"), Some(86_400)),
            (json!("90s"), Some(90)),
            (json!("90"), Some(90)),
            (json!("-1"), Some(-1)),
            (json!(-1), Some(-1)),
            (json!(0), Some(0)),
            (json!(1_000_000_000), Some(1_000_000_000)),
            (json!(1_000_000_001), None),
            (json!(-2), None),
            (json!(1.5), None),
            (json!(""), None),
            (json!("m"), None),
            (json!("5 m"), None),
            (json!("5ms"), None),
            (json!("5d"), None),
            (json!("99999999999999999999h"), None),
            (json!("9999999999999999h"), None),
            (json!(true), None),
            (Value::Null, None),
        ] {
            let read = KeepAlive::parse(&written).ok();
            assert_eq!(read.as_ref().map(KeepAlive::seconds), expected, "{written}");
            assert!(read.is_none_or(|read| read.to_json() == written));
        }
    }
}
