//! How likely tokens were, in the shape that OpenAI chat and Ollama share:
//! `{"token", "logprob", "bytes", "top_logprobs": [{"token", "logprob", "bytes"}]}`.

use canonical::TokenLogprob;
use serde_json::{Value, json};

use crate::{
    json::{list, text},
    object::object,
};

/// Reads the entries that are of this shape.
pub(crate) fn read(entries: &[Value]) -> Vec<TokenLogprob> {
    entries.iter().filter_map(read_one).collect()
}

fn read_one(entry: &Value) -> Option<TokenLogprob> {
    let byte = |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok());
    Some(TokenLogprob {
        token: text(entry, "token")?.to_owned(),
        logprob: entry.get("logprob")?.as_f64()?,
        bytes: entry
            .get("bytes")
            .and_then(Value::as_array)
            .and_then(|bytes| bytes.iter().map(byte).collect()),
        top: read(list(entry, "top_logprobs")),
    })
}

/// Writes the entries; members that are not known are left out.
pub(crate) fn write(tokens: &[TokenLogprob]) -> Vec<Value> {
    let entry = |token: &TokenLogprob| {
        let top = if token.top.is_empty() { Value::Null } else { write(&token.top).into() };
        object([
            ("token", json!(token.token)),
            ("logprob", json!(token.logprob)),
            ("bytes", json!(token.bytes)),
            ("top_logprobs", top),
        ])
    };
    tokens.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{read, write};

    #[test]
    fn what_is_read_can_be_written() {
        let entries = [
            json!({ "token": "Hé", "logprob": -0.25, "bytes": [72, 195, 169],
                "top_logprobs": [{ "token": "Ho", "logprob": -1.5 }] }),
            json!({ "token": "!", "logprob": -2.0 }),
        ];
        assert_eq!(write(&read(&entries)), entries);
        let broken: [Value; 3] =
            [json!(1), json!({ "token": "a" }), json!({ "token": 1, "logprob": 0 })];
        assert!(read(&broken).is_empty());
        let bytes = [json!({ "token": "a", "logprob": -1.0, "bytes": [300] })];
        assert_eq!(read(&bytes)[0].bytes, None);
    }
}
