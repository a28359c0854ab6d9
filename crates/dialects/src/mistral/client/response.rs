//! Writes a whole answer.

use canonical::{Choice, Losses, Part, Response};
use serde_json::{Value, json};

use super::answer::{finish_reason, thought, tool_call};
use crate::{
    Echo,
    foreign_seal::of_block,
    openai_chat::client::{
        answer::{created_s, media_in_answer, opaque_in_answer, usage},
        thoughts::{EXTRA_CONTENT, extra_content},
    },
};

/// Writes the answer.
pub(super) fn encode(response: &Response, echo: &Echo, losses: &mut Losses) -> Vec<u8> {
    let mut calls = 0;
    let mut choices = Vec::new();
    for (index, choice) in response.choices.iter().enumerate() {
        let (reason, says_all) = finish_reason(&choice.finish.reason);
        if !says_all {
            losses.note("finish_reason");
        }
        if !choice.logprobs.is_empty() {
            losses.note("logprobs");
        }
        let message = message(choice, echo, &mut calls, losses);
        choices.push(json!({ "index": index, "message": message, "finish_reason": reason }));
    }
    let body = json!({
        "id": echo.id,
        "object": "chat.completion",
        "created": created_s(echo),
        "model": response.model.as_ref().unwrap_or(&echo.model),
        "choices": choices,
        "usage": usage(&response.usage),
    });
    body.to_string().into_bytes()
}

/// Writes the message of a choice; `made` counts the calls so far.
fn message(choice: &Choice, echo: &Echo, made: &mut usize, losses: &mut Losses) -> Value {
    let (mut chunks, mut calls, mut text_seal) = (Vec::new(), Vec::new(), None);
    for part in &choice.parts {
        match part {
            Part::Text { text, seal } => {
                text_seal = seal.as_ref().or(text_seal);
                chunks.push(json!({ "type": "text", "text": text }));
            }
            Part::Reasoning(reasoning) => {
                chunks.push(thought(&reasoning.text, reasoning.seal.as_ref()));
            }
            Part::ToolCall(call) => {
                *made += 1;
                calls.push(tool_call(call, &echo.id, *made, calls.len()));
            }
            Part::Media(media) => losses.note(media_in_answer(media.kind)),
            Part::Opaque(opaque) => {
                losses.note(opaque_in_answer(opaque));
                chunks.push(thought("", Some(&of_block(opaque))));
            }
            Part::ToolResult(_) => losses.note("answer.tool_result"),
        }
    }
    let mut message = json!({
        "role": "assistant",
        "content": content(chunks),
        "tool_calls": if calls.is_empty() { Value::Null } else { calls.into() },
        "prefix": false,
    });
    if let (Some(members), Some(seal)) = (message.as_object_mut(), text_seal) {
        members.insert(EXTRA_CONTENT.to_owned(), extra_content(Some(seal)));
    }
    message
}

/// Writes content as one text, or as chunks where there are thoughts.
fn content(chunks: Vec<Value>) -> Value {
    let texts: Option<String> =
        chunks.iter().map(|chunk| chunk.get("text").and_then(Value::as_str)).collect();
    texts.map_or_else(|| chunks.into(), Value::from)
}
