//! The conversation as Ollama's `messages`: one string each, with images and calls beside it.

use canonical::{
    Losses, Media, MediaKind, MediaSource, Message, Part, Request, Role, ToolCall, ToolResult,
};
use serde_json::{Map, Value, json};

use crate::{
    arguments::arguments,
    chat_messages::{media_member, opaque_member},
    tool_ids::ToolIds,
};

/// Writes the system prompt and all turns.
pub(super) fn messages(request: &Request, losses: &mut Losses) -> Vec<Value> {
    let mut writer = Writer { ids: ToolIds::new(|id, _| id.to_owned()), losses, out: Vec::new() };
    if !request.system.is_empty() {
        writer.message("system", &request.system);
    }
    for Message { role, parts } in &request.messages {
        writer.message(
            match role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            parts,
        );
    }
    writer.out
}

struct Writer<'a> {
    ids: ToolIds,
    losses: &'a mut Losses,
    out: Vec<Value>,
}

/// The members of a message under construction.
#[derive(Default)]
struct Draft {
    texts: Vec<String>,
    thinking: String,
    images: Vec<Value>,
    tool_calls: Vec<Value>,
}

impl Writer<'_> {
    /// Writes one turn; each tool result in it becomes a message of its own, before the rest.
    fn message(&mut self, role: &str, parts: &[Part]) {
        let mut draft = Draft::default();
        let mut results = false;
        for part in parts {
            match part {
                Part::ToolResult(result) => {
                    self.tool_result(result);
                    results = true;
                }
                Part::Text { .. }
                | Part::Media(_)
                | Part::ToolCall(_)
                | Part::Reasoning(_)
                | Part::Opaque(_) => self.part(part, &mut draft),
            }
        }
        if !draft.is_empty() || !results {
            self.out.push(draft.into_json(role, Map::new()));
        }
    }

    fn tool_result(&mut self, result: &ToolResult) {
        if result.is_error {
            self.losses.note("messages.tool_result.is_error");
        }
        let answered = self.ids.result(result);
        let mut draft = Draft::default();
        for part in &result.content {
            self.part(part, &mut draft);
        }
        let mut members = Map::new();
        if let Some(name) = answered.name {
            members.insert("tool_name".to_owned(), name.into());
        }
        if !answered.id.is_empty() {
            members.insert("tool_call_id".to_owned(), answered.id.into());
        }
        self.out.push(draft.into_json("tool", members));
    }

    fn part(&mut self, part: &Part, draft: &mut Draft) {
        match part {
            Part::Text { text, seal } => {
                if seal.is_some() {
                    self.losses.note("messages.seal");
                }
                draft.texts.push(text.clone());
            }
            Part::Media(media) => self.media(media, draft),
            Part::ToolCall(call) => {
                let call = self.tool_call(call);
                draft.tool_calls.push(call);
            }
            Part::Reasoning(reasoning) => {
                if reasoning.seal.is_some() {
                    self.losses.note("messages.seal");
                }
                draft.thinking.push_str(&reasoning.text);
            }
            Part::Opaque(opaque) => {
                self.losses.note(opaque_member(opaque));
            }
            Part::ToolResult(_) => self.losses.note("messages.tool_result"),
        }
    }

    /// Takes images by value; the server fetches no address, and neither do we.
    fn media(&mut self, media: &Media, draft: &mut Draft) {
        match (media.kind, &media.source) {
            (MediaKind::Image, MediaSource::Base64(data)) => {
                if media.detail.is_some() {
                    self.losses.note("messages.detail");
                }
                draft.images.push(json!(data));
            }
            (MediaKind::Image, MediaSource::Url(_)) => self.losses.note("messages.image_url"),
            (MediaKind::Document | MediaKind::Audio, _) => {
                self.losses.note(media_member(media.kind));
            }
        }
    }

    fn tool_call(&mut self, call: &ToolCall) -> Value {
        if call.seal.is_some() {
            self.losses.note("messages.seal");
        }
        let arguments = arguments(call, self.losses);
        let id = self.ids.call(call);
        let function = json!({ "name": call.name, "arguments": arguments });
        if id.is_empty() {
            json!({ "function": function })
        } else {
            json!({ "id": id, "function": function })
        }
    }
}

impl Draft {
    fn is_empty(&self) -> bool {
        self.texts.is_empty()
            && self.thinking.is_empty()
            && self.images.is_empty()
            && self.tool_calls.is_empty()
    }

    fn into_json(self, role: &str, members: Map<String, Value>) -> Value {
        let mut message = Map::new();
        message.insert("role".to_owned(), role.into());
        // Blocks that other dialects keep apart would run into each other.
        message.insert("content".to_owned(), self.texts.join("\n\n").into());
        if !self.thinking.is_empty() {
            message.insert("thinking".to_owned(), self.thinking.into());
        }
        for (name, values) in [("images", self.images), ("tool_calls", self.tool_calls)] {
            if !values.is_empty() {
                message.insert(name.to_owned(), values.into());
            }
        }
        message.extend(members);
        message.into()
    }
}
