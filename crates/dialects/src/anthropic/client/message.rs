//! Reads a caller's `system` and `messages`.

use canonical::{Fault, Losses, Message, Part, Role};
use serde_json::Value;

use super::block::Blocks;
use crate::fields::{Fields, invalid};

/// What a line of the system prompt begins with that Claude Code writes for Anthropic's accounts alone. It differs
/// in every request, which keeps other providers from finding the prompt in their caches.
/// Source: <https://github.com/ggml-org/llama.cpp/pull/20623>
const BILLING_LINE: &str = "x-anthropic-billing-header:";

/// Reads the instructions that stand before the conversation: a string, or blocks of text.
pub(super) fn system(value: Value, losses: &mut Losses) -> Result<Vec<Part>, Fault> {
    let mut parts = text_only(value, "system", &mut Blocks::new("system", losses))?;
    let written = parts.len();
    parts.retain(|part| !is_billing_line(part));
    if parts.len() < written {
        losses.note("system.x-anthropic-billing-header");
    }
    Ok(parts)
}

fn is_billing_line(part: &Part) -> bool {
    matches!(part, Part::Text { text, .. } if text.starts_with(BILLING_LINE))
}

/// Reads the conversation.
pub(super) fn messages(values: Vec<Value>, losses: &mut Losses) -> Result<Vec<Message>, Fault> {
    if values.is_empty() {
        return Err(invalid("`messages` must hold at least one message"));
    }
    let mut blocks = Blocks::new("messages", losses);
    let mut messages = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let message = message(value, &format!("messages[{index}]"), &mut blocks)?;
        messages.push(message);
    }
    blocks.end_turn();
    Ok(messages)
}

fn message(value: Value, place: &str, blocks: &mut Blocks<'_>) -> Result<Message, Fault> {
    let mut fields = Fields::of(value, place)?;
    let role = match fields.required_string("role")?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(fields.wrong("role", "user, assistant or system")),
    };
    let content = fields.take("content").ok_or_else(|| fields.missing("content"))?;
    let content_place = fields.place("content");
    if role != Role::Assistant {
        blocks.end_turn();
    }
    let parts = match role {
        Role::System => text_only(content, &content_place, blocks)?,
        Role::User | Role::Assistant => blocks.read(content, &content_place)?,
    };
    fields.note_rest("messages", blocks.losses);
    Ok(Message { role, parts })
}

/// Reads content that may be nothing but text.
fn text_only(content: Value, place: &str, blocks: &mut Blocks<'_>) -> Result<Vec<Part>, Fault> {
    let parts = blocks.read(content, place)?;
    match parts.iter().all(|part| matches!(part, Part::Text { .. })) {
        true => Ok(parts),
        false => Err(invalid(format!("`{place}` must be a string or a list of text blocks"))),
    }
}
