//! The pieces that whole and streamed answers share, at OpenAI and at Mistral.

use std::time::UNIX_EPOCH;

use canonical::{FinishReason, Losses, MediaKind, Opaque, Seal, Usage};
use serde_json::{Map, Value, json};

use super::thoughts::extra_content;
use crate::{Echo, chat_messages::opaque_name, freeform::input_of, object::object};

/// When an answer was made, in seconds since 1970.
pub(crate) fn created_s(echo: &Echo) -> u64 {
    echo.created.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Writes the counts. The sums are required, so what nobody counted is 0 there.
pub(crate) fn usage(usage: &Usage) -> Value {
    let (prompt, completion) = (usage.prompt_tokens(), usage.output_tokens);
    let prompt_details = object([
        ("cached_tokens", json!(usage.cache_read_tokens)),
        ("cache_write_tokens", json!(usage.cache_write_tokens)),
    ]);
    let completion_details = object([("reasoning_tokens", json!(usage.reasoning_tokens))]);
    object([
        ("prompt_tokens", json!(prompt.unwrap_or(0))),
        ("completion_tokens", json!(completion.unwrap_or(0))),
        ("total_tokens", json!(usage.total_tokens().unwrap_or(0))),
        ("prompt_tokens_details", nonempty(prompt_details)),
        ("completion_tokens_details", nonempty(completion_details)),
    ])
}

fn nonempty(value: Value) -> Value {
    if value.as_object().is_some_and(Map::is_empty) { Value::Null } else { value }
}

/// OpenAI's word for why an answer ended; it has none for what is out of the ordinary.
pub(super) fn finish_reason(reason: &FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence | FinishReason::Other(_) => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
    }
}

/// Notes a reason that OpenAI has no word for.
pub(super) fn note_reason(reason: &FinishReason, losses: &mut Losses) {
    if matches!(reason, FinishReason::Other(_)) {
        losses.note("finish_reason");
    }
}

/// A tool call that is written whole.
#[derive(Debug)]
pub(crate) struct WholeCall<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) arguments: &'a str,
    pub(crate) seal: Option<&'a Seal>,
    /// Whether the caller declared the tool as one that takes free text.
    pub(crate) is_freeform: bool,
}

impl WholeCall<'_> {
    /// Writes the call, with its position where it is part of a stream.
    pub(crate) fn into_json(self, index: Option<usize>) -> Value {
        let (kind, called) = if self.is_freeform {
            ("custom", json!({ "name": self.name, "input": input_of(self.arguments) }))
        } else {
            let arguments = if self.arguments.trim().is_empty() { "{}" } else { self.arguments };
            ("function", json!({ "name": self.name, "arguments": arguments }))
        };
        object([
            ("index", json!(index)),
            ("id", json!(self.id)),
            ("type", json!(kind)),
            (kind, called),
            ("extra_content", extra_content(self.seal)),
        ])
    }
}

/// Keeps a call's id, and makes one up where the provider gave none.
pub(crate) fn call_id(id: &str, echo_id: &str, position: usize) -> String {
    if id.is_empty() { format!("call_{echo_id}_{position}") } else { id.to_owned() }
}

/// What media in an answer are called in the losses.
pub(crate) fn media_in_answer(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "answer.image",
        MediaKind::Document => "answer.document",
        MediaKind::Audio => "answer.audio",
    }
}

/// What a block of another dialect in an answer is called in the losses.
pub(crate) fn opaque_in_answer(opaque: &Opaque) -> String {
    format!("answer.{}", opaque_name(&opaque.json))
}
