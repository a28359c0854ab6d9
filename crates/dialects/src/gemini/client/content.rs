//! Reads a caller's `contents` and `systemInstruction`.

use canonical::{Dialect, Fault, Losses, Message, Part, Reasoning, Role, Seal};
use serde_json::Value;

use super::{
    part::part,
    spelling::{fields, objects},
};
use crate::fields::Fields;

/// Takes the conversation. Contents of one role in a row are one turn: SDKs keep each piece of a streamed answer
/// as a content of its own.
pub(super) fn take_messages(
    request: &mut Fields,
    losses: &mut Losses,
) -> Result<Vec<Message>, Fault> {
    let mut messages: Vec<Message> = Vec::new();
    for (mut content, _) in objects(request, "contents")? {
        let role = role(&mut content)?;
        let parts = take_parts(content, losses)?;
        match messages.last_mut().filter(|last| last.role == role) {
            Some(last) => last.parts.extend(parts),
            None => messages.push(Message { role, parts }),
        }
    }
    if messages.is_empty() {
        return Err(request.missing("contents"));
    }
    for message in &mut messages {
        if message.role == Role::Assistant {
            message.parts = joined(std::mem::take(&mut message.parts));
        }
    }
    Ok(messages)
}

/// Takes the instructions; their role says nothing.
pub(super) fn take_system(request: &mut Fields, losses: &mut Losses) -> Result<Vec<Part>, Fault> {
    match request.take("systemInstruction") {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Part::text(text)]),
        Some(content) => {
            let mut content = fields(content, &request.place("systemInstruction"))?;
            content.take("role");
            take_parts(content, losses)
        }
    }
}

fn role(content: &mut Fields) -> Result<Role, Fault> {
    match content.string("role")?.as_deref() {
        None | Some("" | "user" | "function" | "tool") => Ok(Role::User),
        Some("model") => Ok(Role::Assistant),
        Some(_) => Err(content.wrong("role", "`user` or `model`")),
    }
}

fn take_parts(mut content: Fields, losses: &mut Losses) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    for (json, _) in objects(&mut content, "parts")? {
        parts.extend(part(json, losses)?);
    }
    content.note_rest("contents", losses);
    Ok(parts)
}

/// Joins the pieces that a streamed answer comes in. A foreign seal vouches for all of its part, though it comes
/// with the last piece; one of the dialect's own vouches for its piece alone.
pub(super) fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        match (joined.last_mut(), part) {
            (Some(Part::Text { text, seal: open @ None }), Part::Text { text: more, seal })
            | (
                Some(Part::Reasoning(Reasoning { text, seal: open @ None })),
                Part::Reasoning(Reasoning { text: more, seal }),
            ) if !is_own(seal.as_ref()) => {
                text.push_str(&more);
                *open = seal;
            }
            (_, part) => joined.push(part),
        }
    }
    joined
}

fn is_own(seal: Option<&Seal>) -> bool {
    seal.is_some_and(|seal| seal.dialect == Dialect::Gemini)
}
