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

/// Writes thoughts as a chunk of `content`.
pub(super) fn thinking(text: &str, seal: Option<&Seal>) -> Value {
    let thoughts: Vec<Value> =
        (!text.is_empty()).then(|| json!({ "type": "text", "text": text })).into_iter().collect();
    object([
        ("type", json!("thinking")),
        ("thinking", json!(thoughts)),
        ("signature", json!(seal.map(|seal| pack(seal, Dialect::Mistral)))),
    ])
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
