//! The conversation as Anthropic's `system` and `messages`.

use canonical::{Dialect, Losses, Media, Part, Request, Role, Seal, ToolCall, ToolResult};
use serde_json::{Value, json};

use super::{media::block, tool_id::fitted};
use crate::{
    arguments::arguments,
    chat_messages::{media_member, opaque_member},
    json::text,
    object::object,
    tool_ids::ToolIds,
};

/// A conversation in the dialect's two places.
#[derive(Debug)]
pub(super) struct Conversation {
    /// Blocks of the top-level `system`.
    pub(super) system: Vec<Value>,
    turns: Vec<Turn>,
}

/// All that one role says in a row.
#[derive(Debug)]
struct Turn {
    role: &'static str,
    blocks: Vec<Value>,
}

impl Conversation {
    /// Sorts the request's instructions and turns into their places.
    pub(super) fn of(request: &Request, losses: &mut Losses) -> Self {
        let mut blocks = Blocks { ids: ToolIds::new(fitted), losses };
        let mut conversation = Self { system: blocks.of(&request.system), turns: Vec::new() };
        for message in &request.messages {
            match message.role {
                Role::System => {
                    if !conversation.turns.is_empty() {
                        blocks.losses.note("messages.system_position");
                    }
                    conversation.system.extend(blocks.of(&message.parts));
                }
                Role::User => conversation.say("user", blocks.of(&message.parts)),
                Role::Assistant => conversation.say("assistant", blocks.of(&message.parts)),
            }
        }
        conversation.begin(blocks.losses);
        conversation
    }

    /// Has the caller say the instructions where nobody says anything else: the provider answers no instructions
    /// alone.
    fn begin(&mut self, losses: &mut Losses) {
        if self.turns.is_empty() && !self.system.is_empty() {
            losses.note("messages.role");
            let instructions = std::mem::take(&mut self.system);
            self.say("user", instructions);
        }
    }

    /// The top-level `messages`. The provider refuses an answer to go on with that ends in space.
    pub(super) fn into_messages(mut self) -> Value {
        if let Some(last) = self.turns.last_mut().filter(|last| last.role == "assistant") {
            last.trim_end();
        }
        self.turns.retain(|turn| !turn.blocks.is_empty());
        self.turns.into_iter().map(Turn::into_message).collect()
    }

    /// Whether the model's last turn calls tools and doesn't begin with a thought of the provider's own, which it
    /// refuses while it thinks: "Expected `thinking` or `redacted_thinking`, but found `tool_use`".
    pub(super) fn calls_without_thought(&self) -> bool {
        let is = |block: &Value, kinds: &[&str]| {
            text(block, "type").is_some_and(|kind| kinds.contains(&kind))
        };
        let last = self.turns.iter().rfind(|turn| turn.role == "assistant");
        let blocks = last.map(|turn| turn.blocks.as_slice()).unwrap_or_default();
        let thought =
            blocks.first().is_some_and(|block| is(block, &["thinking", "redacted_thinking"]));
        !thought && blocks.iter().any(|block| is(block, &["tool_use"]))
    }

    /// Adds to the last turn, or begins one when another role spoke last.
    fn say(&mut self, role: &'static str, blocks: Vec<Value>) {
        match self.turns.last_mut().filter(|turn| turn.role == role) {
            Some(turn) => turn.blocks.extend(blocks),
            None if blocks.is_empty() => {}
            None => self.turns.push(Turn { role, blocks }),
        }
    }
}

impl Turn {
    fn trim_end(&mut self) {
        while let Some(Value::Object(last)) = self.blocks.last_mut()
            && let Some(Value::String(text)) = last.get_mut("text")
        {
            text.truncate(text.trim_end().len());
            if !text.is_empty() {
                return;
            }
            self.blocks.pop();
        }
    }

    fn into_message(mut self) -> Value {
        // Results have to stand before anything else that answers the calls' turn.
        self.blocks.sort_by_key(|block| text(block, "type") != Some("tool_result"));
        json!({"role": self.role, "content": self.blocks})
    }
}

/// Turns parts into content blocks.
struct Blocks<'a> {
    ids: ToolIds,
    losses: &'a mut Losses,
}

impl Blocks<'_> {
    fn of(&mut self, parts: &[Part]) -> Vec<Value> {
        parts.iter().filter_map(|part| self.block(part)).collect()
    }

    /// Returns the block that says `part`; what cannot be said is noted.
    fn block(&mut self, part: &Part) -> Option<Value> {
        match part {
            Part::Text { text, seal } => {
                if seal.is_some() {
                    self.losses.note("messages.seal");
                }
                // The provider refuses empty text.
                (!text.is_empty()).then(|| json!({"type": "text", "text": text}))
            }
            Part::Media(media) => self.media(media),
            Part::ToolCall(call) => Some(self.tool_call(call)),
            Part::ToolResult(result) => Some(self.tool_result(result)),
            Part::Reasoning(reasoning) => match &reasoning.seal {
                Some(Seal { dialect: Dialect::Anthropic, data }) => {
                    Some(json!({"type": "thinking", "thinking": reasoning.text, "signature": data}))
                }
                Some(_) | None => self.lost("messages.reasoning"),
            },
            Part::Opaque(opaque) if opaque.dialect == Dialect::Anthropic => {
                Some(opaque.json.clone())
            }
            Part::Opaque(opaque) => {
                self.losses.note(opaque_member(opaque));
                None
            }
        }
    }

    fn media(&mut self, media: &Media) -> Option<Value> {
        if media.detail.as_ref().is_some_and(|detail| detail != "auto") {
            self.losses.note("messages.detail");
        }
        let block = block(media);
        if block.is_none() {
            self.losses.note(media_member(media.kind));
        }
        block
    }

    fn tool_call(&mut self, call: &ToolCall) -> Value {
        if call.seal.is_some() {
            self.losses.note("messages.seal");
        }
        let input = arguments(call, self.losses);
        let id = self.ids.call(call);
        json!({"type": "tool_use", "id": id, "name": call.name, "input": input})
    }

    fn tool_result(&mut self, result: &ToolResult) -> Value {
        let id = self.ids.result(result).id;
        let content = self.of(&result.content);
        object([
            ("type", json!("tool_result")),
            ("tool_use_id", json!(id)),
            ("content", if content.is_empty() { Value::Null } else { json!(content) }),
            ("is_error", if result.is_error { json!(true) } else { Value::Null }),
        ])
    }

    fn lost(&mut self, member: &str) -> Option<Value> {
        self.losses.note(member);
        None
    }
}
