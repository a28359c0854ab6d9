//! Finds the provider's own sentence in an error body, whichever of the field's shapes it has.

use serde_json::Value;

use crate::json::{filled, present};

/// A longer sentence than this is cut: it is quoted to callers and in logs.
const LONGEST_CHARS: usize = 4096;

/// Returns the sentence, if the body has one.
pub(crate) fn error_text(body: &Value) -> Option<String> {
    let mut text = sentence(body)?;
    if let Some((end, _)) = text.char_indices().nth(LONGEST_CHARS) {
        text.truncate(end);
    }
    Some(text)
}

/// Looks where providers put it: `error`, `message`, `detail` and `msg`, each a text, an object or a list.
///
/// A list is FastAPI's: one entry for each bad member, with its place in `loc`.
fn sentence(body: &Value) -> Option<String> {
    match body {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Array(entries) => {
            let texts: Vec<_> = entries.iter().filter_map(sentence).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        Value::Object(_) => ["error", "message", "detail", "msg"]
            .iter()
            .find_map(|name| sentence(present(body, name)?))
            .map(|text| with_place(body, text))
            .map(|text| with_cause(body, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Says which member is bad: `body.tools: Extra inputs are not permitted`.
fn with_place(body: &Value, text: String) -> String {
    let Some(place) = body.get("loc").and_then(Value::as_array) else { return text };
    let steps: Vec<_> = place
        .iter()
        .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
        .collect();
    format!("{}: {text}", steps.join("."))
}

/// Adds what OpenRouter quotes of the provider behind it; its own sentence only says that there was an error.
/// Source: <https://openrouter.ai/docs/api-reference/errors>
fn with_cause(body: &Value, text: String) -> String {
    match present(body, "metadata").and_then(|metadata| filled(metadata, "raw")) {
        Some(cause) => format!("{text}: {cause}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::error_text;

    #[test]
    fn finds_the_sentence_in_every_shape() {
        let entry =
            json!({ "type": "missing", "loc": ["body", "messages", 0], "msg": "Field required" });
        for (body, expected) in [
            (json!({ "error": { "message": "bad" } }), Some("bad")),
            (json!([{ "error": { "message": "bad" } }]), Some("bad")),
            (json!({ "error": "bad" }), Some("bad")),
            (json!({ "message": "bad" }), Some("bad")),
            (json!({ "detail": "bad" }), Some("bad")),
            (json!({ "detail": [entry] }), Some("body.messages.0: Field required")),
            (json!({ "message": { "detail": [entry] } }), Some("body.messages.0: Field required")),
            (
                json!({ "message": [entry, entry] }),
                Some("body.messages.0: Field required; body.messages.0: Field required"),
            ),
            (json!({ "error": null, "message": "bad" }), Some("bad")),
            (
                json!({ "error": { "message": "bad", "metadata": { "raw": "worse" } } }),
                Some("bad: worse"),
            ),
            (json!({ "error": { "message": "" } }), None),
            (json!({ "error": {} }), None),
            (json!(7), None),
        ] {
            assert_eq!(error_text(&body).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn a_sentence_is_bounded() {
        let text = error_text(&json!({ "error": "é".repeat(10_000) })).unwrap();
        assert_eq!(text.chars().count(), super::LONGEST_CHARS);
    }
}
