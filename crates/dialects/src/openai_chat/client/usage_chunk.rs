//! The chunk of a stream that only those see who asked for usage.

use memchr::memmem;
use serde_json::Value;
use wire::event_data;

use crate::json::{list, present};

/// Whether a frame is the chunk that has usage and no choices.
pub(super) fn is_usage_chunk(frame: &[u8]) -> bool {
    // Most frames have no usage at all, or a null: what only looks for the name need not parse.
    if memmem::find(frame, b"\"usage\"").is_none() {
        return false;
    }
    let chunk = event_data(frame).and_then(|data| serde_json::from_str::<Value>(&data).ok());
    chunk.is_some_and(|chunk| {
        present(&chunk, "usage").is_some()
            && chunk.get("choices").is_some_and(Value::is_array)
            && list(&chunk, "choices").is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::is_usage_chunk;

    #[test]
    fn only_the_chunk_without_choices_is_one() {
        for (data, expected) in [
            (r#"{"choices":[],"usage":{"prompt_tokens":1}}"#, true),
            (r#"{"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}"#, false),
            (r#"{"choices":[],"usage":null}"#, false),
            (r#"{"choices":[],"prompt_filter_results":[]}"#, false),
            (r#"{"choices":[{"delta":{"content":"\"usage\""}}]}"#, false),
            ("[DONE]", false),
        ] {
            assert_eq!(is_usage_chunk(format!("data: {data}\n\n").as_bytes()), expected, "{data}");
        }
    }
}
