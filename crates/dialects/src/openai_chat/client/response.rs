//! Writes a whole answer as `chat.completion`.

use canonical::{Choice, Losses, Part, Request, Response, Seal};
use serde_json::{Value, json};

use super::{
    answer::{
        WholeCall, call_id, created_s, finish_reason, media_in_answer, note_reason,
        opaque_in_answer, usage,
    },
    thoughts::{detail, extra_content},
};
use crate::{
    Echo, foreign_seal::of_block, freeform::is_freeform, object::object, openai_chat::logprobs,
};

/// Writes the answer.
pub(super) fn encode(
    response: &Response,
    request: &Request,
    echo: &Echo,
    losses: &mut Losses,
) -> Vec<u8> {
    let mut calls = 0;
    let mut choices = Vec::new();
    for (index, choice) in response.choices.iter().enumerate() {
        note_reason(&choice.finish.reason, losses);
        let logprobs = match choice.logprobs.as_slice() {
            [] => Value::Null,
            tokens => logprobs::write(tokens),
        };
        choices.push(json!({
            "index": index,
            "message": message(choice, request, echo, &mut calls, losses),
            "logprobs": logprobs,
            "finish_reason": finish_reason(&choice.finish.reason),
        }));
    }
    let body = json!({
        "id": format!("chatcmpl-{}", echo.id),
        "object": "chat.completion",
        "created": created_s(echo),
        "model": response.model.as_ref().unwrap_or(&echo.model),
        "choices": choices,
        "usage": usage(&response.usage),
    });
    body.to_string().into_bytes()
}

/// Writes the message of a choice; `made` counts the calls so far.
fn message(
    choice: &Choice,
    request: &Request,
    echo: &Echo,
    made: &mut usize,
    losses: &mut Losses,
) -> Value {
    let (mut text, mut thoughts, mut text_seal) = (None::<String>, String::new(), None::<&Seal>);
    let (mut details, mut calls) = (Vec::new(), Vec::new());
    for part in &choice.parts {
        match part {
            Part::Text { text: said, seal } => {
                text.get_or_insert_default().push_str(said);
                text_seal = seal.as_ref().or(text_seal);
            }
            Part::Reasoning(reasoning) => {
                thoughts.push_str(&reasoning.text);
                details.extend(detail(&reasoning.text, reasoning.seal.as_ref(), details.len()));
            }
            Part::ToolCall(call) => {
                *made += 1;
                let call = WholeCall {
                    id: &call_id(&call.id, &echo.id, *made),
                    name: &call.name,
                    arguments: &call.arguments,
                    seal: call.seal.as_ref(),
                    is_freeform: is_freeform(request, &call.name),
                };
                calls.push(call.into_json(None));
            }
            Part::Media(media) => losses.note(media_in_answer(media.kind)),
            Part::Opaque(opaque) => {
                details.extend(detail("", Some(&of_block(opaque)), details.len()));
                losses.note(opaque_in_answer(opaque));
            }
            Part::ToolResult(_) => losses.note("answer.tool_result"),
        }
    }
    let list = |list: Vec<Value>| if list.is_empty() { Value::Null } else { list.into() };
    let mut message = object([
        ("role", json!("assistant")),
        ("reasoning_content", if thoughts.is_empty() { Value::Null } else { json!(thoughts) }),
        ("reasoning_details", list(details)),
        ("extra_content", extra_content(text_seal)),
    ]);
    if let Some(members) = message.as_object_mut() {
        // The SDKs' types require both, null or not.
        let text = text.or_else(|| calls.is_empty().then(String::new));
        members.insert("content".to_owned(), json!(text));
        members.insert("refusal".to_owned(), Value::Null);
        if !calls.is_empty() {
            members.insert("tool_calls".to_owned(), calls.into());
        }
    }
    message
}
