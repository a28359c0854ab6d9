//! Reads what Ollama says when it fails: `{"error": "…"}`, or OpenAI's object from its cloud.
//!
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api/errors.mdx>.

use canonical::{ErrorKind, Fault};
use serde_json::Value;

use crate::{ErrorAnswer, error_text::error_text, json::present, status};

/// Reads an answer of another status than 200.
pub(super) fn decode(answer: &ErrorAnswer<'_>) -> Fault {
    let body: Value = serde_json::from_slice(answer.body).unwrap_or_default();
    status::fault(answer, None, error_text(&body))
}

/// Finds the error that a model ran into after the status 200.
pub(super) fn in_answer(object: &Value) -> Option<Fault> {
    present(object, "error")?;
    let message = error_text(object)
        .unwrap_or_else(|| "the provider failed in the middle of its answer".to_owned());
    Some(Fault::new(ErrorKind::UpstreamFailed, message))
}
