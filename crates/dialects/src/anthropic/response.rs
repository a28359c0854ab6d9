//! Reads a whole answer of `POST /messages`.

use canonical::{
    Choice, Dialect, Fault, Finish, FinishReason, Opaque, Part, Reasoning, Response, Seal,
    ToolCall, Usage,
};
use serde_json::Value;

use super::error;
use crate::{
    assembly::malformed,
    json::{self, count, filled, present, text, typed},
};

/// Reads the body.
pub(super) fn decode(body: &[u8]) -> Result<Response, Fault> {
    let body = json::parse(body).map_err(malformed)?;
    if let Some(error) = present(&body, "error") {
        return Err(error::within_200(error));
    }
    let content = typed(&body, "content", Value::as_array)?;
    let content = content.ok_or_else(|| malformed("the body is no message"))?;
    let parts = content.iter().map(part).collect();
    let finish = finish(&body).unwrap_or(FinishReason::Stop.into());
    Ok(Response {
        id: filled(&body, "id").map(str::to_owned),
        model: filled(&body, "model").map(str::to_owned),
        choices: vec![Choice { parts, finish, logprobs: Vec::new() }],
        usage: usage(&body),
    })
}

/// Reads one content block. Blocks that only the dialect understands stay as they are.
pub(super) fn part(block: &Value) -> Part {
    match text(block, "type") {
        Some("text") => Part::text(owned(block, "text")),
        Some("thinking") => Part::Reasoning(Reasoning {
            text: owned(block, "thinking"),
            seal: filled(block, "signature").map(seal),
        }),
        Some("tool_use") => Part::ToolCall(ToolCall {
            id: owned(block, "id"),
            name: owned(block, "name"),
            arguments: present(block, "input").map_or_else(|| "{}".to_owned(), Value::to_string),
            seal: None,
        }),
        _ => Part::Opaque(Opaque { dialect: Dialect::Anthropic, json: block.clone() }),
    }
}

/// Makes a seal of a signature.
pub(super) fn seal(signature: &str) -> Seal {
    Seal { dialect: Dialect::Anthropic, data: signature.to_owned() }
}

/// Reads `stop_reason` and `stop_sequence`, unless the answer has not ended.
pub(super) fn finish(message: &Value) -> Option<Finish> {
    let reason = match text(message, "stop_reason")? {
        "end_turn" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopSequence,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    };
    let stop_sequence = text(message, "stop_sequence").map(str::to_owned);
    Some(Finish { reason, stop_sequence })
}

/// Reads the `usage` of a message or of an event. The provider's input excludes what a cache took part in.
pub(super) fn usage(message: &Value) -> Usage {
    let Some(usage) = message.get("usage") else { return Usage::default() };
    Usage {
        input_tokens: count(usage, "input_tokens"),
        cache_read_tokens: count(usage, "cache_read_input_tokens"),
        cache_write_tokens: count(usage, "cache_creation_input_tokens"),
        output_tokens: count(usage, "output_tokens"),
        reasoning_tokens: usage
            .get("output_tokens_details")
            .and_then(|details| count(details, "thinking_tokens")),
    }
}

/// Returns a member's text, empty where there is none.
fn owned(value: &Value, name: &str) -> String {
    text(value, name).unwrap_or_default().to_owned()
}
