//! The pieces that whole and streamed answers to Mistral's callers share.

use canonical::{Dialect, FinishReason, Seal, ToolCall};
use serde_json::{Value, json};

use crate::{
    foreign_seal::pack,
    mistral::tool_id::nine,
    object::object,
    openai_chat::client::answer::{WholeCall, call_id},
};

/// Mistral's word for why an answer ended, and whether it says it all: there is none for a filter.
pub(super) fn finish_reason(reason: &FinishReason) -> (&'static str, bool) {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence => ("stop", true),
        FinishReason::Length => ("length", true),
        FinishReason::ToolCalls => ("tool_calls", true),
        FinishReason::ContentFilter | FinishReason::Other(_) => ("stop", false),
    }
}

/// Writes a whole thought as a chunk of `content`, or with no text the end of one that came in pieces.
pub(super) fn thought(text: &str, seal: Option<&Seal>) -> Value {
    let texts = if text.is_empty() { json!([]) } else { texts(text) };
    let signature = seal.map(|seal| pack(seal, Dialect::Mistral));
    object([
        ("type", json!("thinking")),
        ("thinking", texts),
        ("closed", json!(true)),
        ("signature", json!(signature)),
    ])
}

/// Writes a piece of a thought.
pub(super) fn piece_of_thought(text: &str) -> Value {
    json!({ "type": "thinking", "thinking": texts(text) })
}

fn texts(text: &str) -> Value {
    json!([{ "type": "text", "text": text }])
}

/// Writes a call, which comes whole even in a stream. `position` counts the calls of the answer, and `index` those
/// of its choice.
pub(super) fn tool_call(call: &ToolCall, echo_id: &str, position: usize, index: usize) -> Value {
    let call = WholeCall {
        id: &nine(&call_id(&call.id, echo_id, position), position),
        name: &call.name,
        arguments: &call.arguments,
        seal: call.seal.as_ref(),
        // Mistral's callers can't declare such tools.
        is_freeform: false,
    };
    call.into_json(Some(index))
}
