//! Changes spans of a body and leaves every other byte as it is.

use std::ops::Range;

/// A span of a body and what comes in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to take out; empty to only put something in.
    pub span: Range<usize>,
    /// The text to put in.
    pub text: String,
}

/// Returns `body` with the edits made, in whatever order they are given. They must not overlap.
#[must_use]
pub fn splice(body: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.span.start);
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = Vec::with_capacity(body.len() + added);
    let mut taken = 0;
    for edit in edits {
        out.extend_from_slice(body.get(taken..edit.span.start).unwrap_or_default());
        out.extend_from_slice(edit.text.as_bytes());
        taken = taken.max(edit.span.end);
    }
    out.extend_from_slice(body.get(taken..).unwrap_or_default());
    out
}

/// Returns `text` as a JSON string, quotes included.
#[must_use]
pub fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Edit, json_string, splice};

    #[test]
    fn makes_edits_in_any_order() {
        let edits = [(4..4, "+"), (1..3, ""), (0..1, "AA")]
            .map(|(span, text)| Edit { span, text: text.to_owned() });
        assert_eq!(splice(b"abcd", &edits), b"AAd+");
        assert_eq!(splice(b"abcd", &[]), b"abcd");
    }

    #[test]
    fn quotes_what_needs_it() {
        assert_eq!(json_string("a\"\\\né/"), r#""a\"\\\né/""#);
    }
}
