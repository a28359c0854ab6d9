//! Writes a whole answer as a message.

use canonical::{
    Dialect, Finish, FinishReason, Losses, Part, Reasoning, Response, Seal, ToolCall, Usage,
};
use serde_json::{Value, json};

use super::{call_id::CallIds, carried_seal::CarriedSeal};
use crate::{
    Echo,
    arguments::arguments,
    chat_messages::{media_member, opaque_member},
    foreign_seal::pack,
    object::object,
};

/// Writes the message; what the dialect can't say is noted in `losses`.
pub(super) fn encode(response: &Response, echo: &Echo, losses: &mut Losses) -> Vec<u8> {
    let mut writer = Writer { ids: CallIds::new(&echo.id), losses, blocks: Vec::new() };
    let choice = response.choices.first();
    for part in choice.map(|choice| choice.parts.as_slice()).unwrap_or_default() {
        writer.say(part);
    }
    let blocks = writer.blocks;
    let finish = choice.map_or_else(|| FinishReason::Stop.into(), |choice| choice.finish.clone());
    note_reason(&finish, losses);
    if response.choices.len() > 1 {
        losses.note("n");
    }
    if choice.is_some_and(|choice| !choice.logprobs.is_empty()) {
        losses.note("logprobs");
    }
    let model = response.model.as_deref();
    message(model, echo, blocks, Some(&finish), &response.usage).to_string().into_bytes()
}

/// A message; one that has not ended has no `finish`.
pub(super) fn message(
    model: Option<&str>,
    echo: &Echo,
    content: Vec<Value>,
    finish: Option<&Finish>,
    counts: &Usage,
) -> Value {
    json!({
        "id": format!("msg_{}", echo.id),
        "type": "message",
        "role": "assistant",
        "model": model.unwrap_or(&echo.model),
        "content": content,
        "stop_reason": finish.map(stop_reason),
        "stop_sequence": finish.and_then(|finish| finish.stop_sequence.as_deref()),
        "usage": usage(counts),
    })
}

/// Why an answer ended, in the dialect's words.
pub(super) fn stop_reason(finish: &Finish) -> &'static str {
    match finish.reason {
        FinishReason::Stop | FinishReason::Other(_) => "end_turn",
        FinishReason::StopSequence => "stop_sequence",
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::ContentFilter => "refusal",
    }
}

/// Notes a reason that the dialect has no word for.
pub(super) fn note_reason(finish: &Finish, losses: &mut Losses) {
    if let FinishReason::Other(_) = finish.reason {
        losses.note("stop_reason");
    }
}

/// Writes the counts. Callers add these members up without asking whether they are there.
pub(super) fn usage(counts: &Usage) -> Value {
    let details = counts.reasoning_tokens.map(|tokens| json!({"thinking_tokens": tokens}));
    object([
        ("input_tokens", json!(counts.input_tokens.unwrap_or_default())),
        ("cache_creation_input_tokens", json!(counts.cache_write_tokens.unwrap_or_default())),
        ("cache_read_input_tokens", json!(counts.cache_read_tokens.unwrap_or_default())),
        ("output_tokens", json!(counts.output_tokens.unwrap_or_default())),
        ("output_tokens_details", json!(details)),
    ])
}

/// Writes a thought. One of another dialect's that nobody may read is passed on as what it is; one that is empty
/// is none.
pub(super) fn thought(reasoning: &Reasoning) -> Option<Value> {
    let Reasoning { text, seal } = reasoning;
    match seal {
        Some(seal) if text.is_empty() && seal.dialect != Dialect::Anthropic => {
            Some(CarriedSeal::Thought(seal.clone()).block())
        }
        None if text.is_empty() => None,
        Some(_) | None => {
            let signature = signature(seal.as_ref());
            Some(json!({"type": "thinking", "thinking": text, "signature": signature}))
        }
    }
}

/// What vouches for a thought; empty where nothing does, since the member must be there.
pub(super) fn signature(seal: Option<&Seal>) -> String {
    seal.map(|seal| pack(seal, Dialect::Anthropic)).unwrap_or_default()
}

/// Writes the parts of an answer as content blocks.
struct Writer<'a> {
    ids: CallIds,
    losses: &'a mut Losses,
    blocks: Vec<Value>,
}

impl Writer<'_> {
    fn say(&mut self, part: &Part) {
        match part {
            Part::Text { text, seal } => self.text(text, seal.as_ref()),
            Part::Reasoning(reasoning) => self.blocks.extend(thought(reasoning)),
            Part::ToolCall(call) => self.tool_call(call),
            Part::Opaque(opaque) if opaque.dialect == Dialect::Anthropic => {
                self.blocks.push(opaque.json.clone());
            }
            Part::Opaque(opaque) => {
                self.losses.note(opaque_member(opaque));
            }
            Part::Media(media) => self.losses.note(media_member(media.kind)),
            Part::ToolResult(_) => self.losses.note("messages.tool_result"),
        }
    }

    /// Writes text. Its seal is left out: a block of its own behind the text would be the last of many an answer,
    /// which is where programs look for the text, and before a streamed text it isn't known yet.
    fn text(&mut self, text: &str, seal: Option<&Seal>) {
        if seal.is_some() {
            self.losses.note("messages.seal");
        }
        if !text.is_empty() {
            self.blocks.push(json!({"type": "text", "text": text}));
        }
    }

    fn tool_call(&mut self, call: &ToolCall) {
        let seal = call.seal.clone().map(CarriedSeal::NextCall);
        self.blocks.extend(seal.map(|seal| seal.block()));
        let input = arguments(call, self.losses);
        let id = self.ids.told(&call.id);
        self.blocks.push(json!({"type": "tool_use", "id": id, "name": call.name, "input": input}));
    }
}
