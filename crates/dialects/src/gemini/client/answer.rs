//! The pieces of a `GenerateContentResponse`.

use canonical::{
    Dialect, FinishReason, Losses, Media, MediaSource, Opaque, Part, Response, Seal, ToolCall,
    ToolResult, Usage,
};
use serde_json::{Value, json};

use crate::{
    Echo, arguments::arguments, chat_messages::opaque_member, foreign_seal, object::object,
};

/// What stands beside the candidates in every answer.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    id: String,
    model: String,
    /// The counts so far.
    pub(super) usage: Usage,
}

impl Frame {
    /// Names the answer as its provider does, else as the caller did.
    pub(super) fn new(id: Option<&str>, model: Option<&str>, echo: &Echo) -> Self {
        let (id, model) = (id.unwrap_or(&echo.id), model.unwrap_or(&echo.model));
        Self { id: id.to_owned(), model: model.to_owned(), usage: Usage::default() }
    }

    /// Names a whole answer.
    pub(super) fn of(response: &Response, echo: &Echo) -> Self {
        let named = Self::new(response.id.as_deref(), response.model.as_deref(), echo);
        Self { usage: response.usage, ..named }
    }

    /// Puts candidates into an answer.
    pub(super) fn around(&self, candidates: Vec<Value>) -> Value {
        object([
            ("candidates", candidates.into()),
            ("usageMetadata", usage(&self.usage)),
            ("modelVersion", json!(self.model)),
            ("responseId", json!(self.id)),
        ])
    }
}

/// Writes a candidate. SDKs forget a conversation with a content that has no parts, so it never lacks one.
pub(super) fn candidate(
    index: u32,
    mut parts: Vec<Value>,
    finish: Option<&FinishReason>,
    logprobs: Value,
) -> Value {
    if parts.is_empty() {
        parts.push(json!({"text": ""}));
    }
    object([
        ("content", json!({"parts": parts, "role": "model"})),
        ("finishReason", json!(finish.map(finish_reason))),
        ("index", json!(index)),
        ("logprobsResult", logprobs),
    ])
}

/// The dialect has no word for tool calls, nor for stop texts.
fn finish_reason(reason: &FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence | FinishReason::ToolCalls => "STOP",
        FinishReason::Length => "MAX_TOKENS",
        FinishReason::ContentFilter => "SAFETY",
        FinishReason::Other(_) => "OTHER",
    }
}

/// Writes the counts: the prompt includes what a cache held, the candidates exclude thoughts.
fn usage(usage: &Usage) -> Value {
    let visible = usage
        .output_tokens
        .map(|output| output.saturating_sub(usage.reasoning_tokens.unwrap_or(0)));
    let counts = object([
        ("promptTokenCount", json!(usage.prompt_tokens())),
        ("cachedContentTokenCount", json!(usage.cache_read_tokens)),
        ("candidatesTokenCount", json!(visible)),
        ("thoughtsTokenCount", json!(usage.reasoning_tokens)),
        ("totalTokenCount", json!(usage.total_tokens())),
    ]);
    if counts == json!({}) { Value::Null } else { counts }
}

/// Writes a part of an answer; what the dialect can't say is noted and none.
pub(super) fn part(part: &Part, losses: &mut Losses) -> Option<Value> {
    match part {
        Part::Text { text, seal } => prose(text, seal.as_ref(), false),
        Part::Reasoning(reasoning) => prose(&reasoning.text, reasoning.seal.as_ref(), true),
        Part::ToolCall(call) => Some(tool_call(call, losses)),
        Part::Media(media) => Some(self::media(media)),
        Part::Opaque(opaque) => self::opaque(opaque, losses),
        Part::ToolResult(ToolResult { content, .. }) => {
            let texts = content.iter().filter_map(|part| match part {
                Part::Text { text, .. } => Some(text.as_str()),
                Part::Media(_)
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Reasoning(_)
                | Part::Opaque(_) => None,
            });
            prose(&texts.collect::<String>(), None, false)
        }
    }
}

/// Writes a block; of another dialect's there is nothing to see, so it comes as the seal of a thought.
pub(super) fn opaque(opaque: &Opaque, losses: &mut Losses) -> Option<Value> {
    if opaque.dialect == Dialect::Gemini {
        return Some(opaque.json.clone());
    }
    losses.note(opaque_member(opaque));
    prose("", Some(&foreign_seal::of_block(opaque)), true)
}

/// Writes text or thinking; what says nothing is none.
pub(super) fn prose(text: &str, seal: Option<&Seal>, is_thought: bool) -> Option<Value> {
    if text.is_empty() && seal.is_none() {
        return None;
    }
    Some(object([
        ("text", json!(text)),
        ("thought", json!(is_thought.then_some(true))),
        ("thoughtSignature", signature(seal)),
    ]))
}

/// Writes a call; ids are left to those who have one.
pub(super) fn tool_call(call: &ToolCall, losses: &mut Losses) -> Value {
    let id = Some(&call.id).filter(|id| !id.is_empty());
    let function =
        object([("id", json!(id)), ("name", json!(call.name)), ("args", arguments(call, losses))]);
    object([("functionCall", function), ("thoughtSignature", signature(call.seal.as_ref()))])
}

/// Writes media by value or by address.
pub(super) fn media(media: &Media) -> Value {
    let mime = json!(media.mime);
    match &media.source {
        MediaSource::Base64(data) => {
            json!({"inlineData": object([("mimeType", mime), ("data", json!(data))])})
        }
        MediaSource::Url(url) => {
            json!({"fileData": object([("mimeType", mime), ("fileUri", json!(url))])})
        }
    }
}

fn signature(seal: Option<&Seal>) -> Value {
    json!(seal.map(|seal| foreign_seal::pack(seal, Dialect::Gemini)))
}
