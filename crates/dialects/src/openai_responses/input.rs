//! The conversation as `instructions` and `input`.

use canonical::{
    Dialect, Losses, Media, MediaKind, MediaSource, Message, Part, Reasoning, Request, Role, Seal,
    ToolCall, ToolResult,
};
use serde_json::{Value, json};

use crate::{
    chat_messages::{media_member, media_url, opaque_member},
    freeform::{input_of, is_freeform},
    object::object,
    tool_ids::{self, ToolIds},
};

/// Writes the instructions that stand before the conversation; null where there are none. They are no conversation
/// by themselves, so where they stand alone they are an item of it.
pub(super) fn instructions(request: &Request, losses: &mut Losses) -> Value {
    if request.messages.is_empty() {
        return Value::Null;
    }
    let mut texts = Vec::new();
    for part in &request.system {
        match part {
            Part::Text { text, .. } => texts.push(text.as_str()),
            Part::Media(_)
            | Part::ToolCall(_)
            | Part::ToolResult(_)
            | Part::Reasoning(_)
            | Part::Opaque(_) => losses.note("system"),
        }
    }
    if texts.is_empty() { Value::Null } else { texts.join("\n\n").into() }
}

/// Writes all turns as items.
pub(super) fn items(request: &Request, losses: &mut Losses) -> Vec<Value> {
    let ids = ToolIds::new(tool_ids::keep);
    let mut writer = Writer { request, ids, losses, items: Vec::new() };
    if request.messages.is_empty() {
        writer.said("developer", &request.system);
    }
    for Message { role, parts } in &request.messages {
        match role {
            Role::System => writer.said("developer", parts),
            Role::User => writer.user(parts),
            Role::Assistant => parts.iter().for_each(|part| writer.assistant(part)),
        }
    }
    writer.items
}

struct Writer<'a> {
    request: &'a Request,
    ids: ToolIds,
    losses: &'a mut Losses,
    items: Vec<Value>,
}

impl Writer<'_> {
    fn said(&mut self, role: &str, parts: &[Part]) {
        let content: Vec<_> = parts.iter().filter_map(|part| self.content(part)).collect();
        if !content.is_empty() {
            self.items.push(json!({ "type": "message", "role": role, "content": content }));
        }
    }

    /// Writes results of tools as items of their own, before what else is said.
    fn user(&mut self, parts: &[Part]) {
        let mut rest = Vec::new();
        for part in parts {
            match part {
                Part::ToolResult(result) => self.tool_result(result),
                Part::Text { .. }
                | Part::Media(_)
                | Part::ToolCall(_)
                | Part::Reasoning(_)
                | Part::Opaque(_) => rest.push(part.clone()),
            }
        }
        self.said("user", &rest);
    }

    fn tool_result(&mut self, result: &ToolResult) {
        if result.is_error {
            self.losses.note("messages.tool_result.is_error");
        }
        let answered = self.ids.result(result);
        let is_freeform = answered.name.is_some_and(|name| is_freeform(self.request, &name));
        let kind = if is_freeform { "custom_tool_call_output" } else { "function_call_output" };
        let output = match result.content.as_slice() {
            [] => "".into(),
            [Part::Text { text, seal: None }] => text.clone().into(),
            parts => parts.iter().filter_map(|part| self.content(part)).collect::<Value>(),
        };
        self.items.push(json!({ "type": kind, "call_id": answered.id, "output": output }));
    }

    fn assistant(&mut self, part: &Part) {
        match part {
            Part::Text { text, seal } => {
                self.note_seal(seal.as_ref());
                let content = json!([{ "type": "output_text", "text": text, "annotations": [] }]);
                self.items
                    .push(json!({ "type": "message", "role": "assistant", "content": content }));
            }
            Part::ToolCall(call) => self.tool_call(call),
            Part::Reasoning(reasoning) => self.reasoning(reasoning),
            Part::Opaque(opaque) if opaque.dialect == Dialect::OpenAiResponses => {
                self.items.push(opaque.json.clone());
            }
            Part::Media(_) | Part::ToolResult(_) | Part::Opaque(_) => self.note(part),
        }
    }

    fn tool_call(&mut self, call: &ToolCall) {
        self.note_seal(call.seal.as_ref());
        let id = self.ids.call(call);
        let item = if is_freeform(self.request, &call.name) {
            json!({ "type": "custom_tool_call", "call_id": id, "name": call.name,
                "input": input_of(&call.arguments) })
        } else {
            let arguments =
                Some(call.arguments.trim()).filter(|text| !text.is_empty()).unwrap_or("{}");
            json!({ "type": "function_call", "call_id": id, "name": call.name,
                "arguments": arguments })
        };
        self.items.push(item);
    }

    /// Writes thoughts that the dialect sealed; it takes no others.
    fn reasoning(&mut self, reasoning: &Reasoning) {
        let own = reasoning.seal.as_ref().filter(|seal| seal.dialect == Dialect::OpenAiResponses);
        let Some(seal) = own else {
            self.losses.note("messages.reasoning");
            return;
        };
        let summary = if reasoning.text.is_empty() {
            json!([])
        } else {
            json!([{ "type": "summary_text", "text": reasoning.text }])
        };
        self.items.push(
            json!({ "type": "reasoning", "summary": summary, "encrypted_content": seal.data }),
        );
    }

    /// Writes a part of what a user, a developer or a tool says.
    fn content(&mut self, part: &Part) -> Option<Value> {
        match part {
            Part::Text { text, seal } => {
                self.note_seal(seal.as_ref());
                Some(json!({ "type": "input_text", "text": text }))
            }
            Part::Media(media) => {
                let content = medium(media);
                if content.is_none() {
                    self.note(part);
                }
                content
            }
            Part::ToolCall(_) | Part::ToolResult(_) | Part::Reasoning(_) | Part::Opaque(_) => {
                self.note(part);
                None
            }
        }
    }

    fn note(&mut self, part: &Part) {
        match part {
            Part::Text { .. } => self.losses.note("messages.text"),
            Part::Media(media) => self.losses.note(media_member(media.kind)),
            Part::ToolCall(_) => self.losses.note("messages.tool_calls"),
            Part::ToolResult(_) => self.losses.note("messages.tool_result"),
            Part::Reasoning(_) => self.losses.note("messages.reasoning"),
            Part::Opaque(opaque) => {
                self.losses.note(opaque_member(opaque));
            }
        }
    }

    /// There is no place for seals on texts or calls.
    fn note_seal(&mut self, seal: Option<&Seal>) {
        if seal.is_some() {
            self.losses.note("messages.seal");
        }
    }
}

fn medium(media: &Media) -> Option<Value> {
    match (media.kind, &media.source) {
        (MediaKind::Image, _) => {
            let detail = media.detail.as_deref().unwrap_or("auto");
            Some(json!({ "type": "input_image", "image_url": media_url(media), "detail": detail }))
        }
        (MediaKind::Document, MediaSource::Base64(_)) => {
            let name = media.name.as_deref().unwrap_or("document.pdf");
            Some(json!({ "type": "input_file", "filename": name, "file_data": media_url(media) }))
        }
        (MediaKind::Document, MediaSource::Url(url)) => Some(object([
            ("type", json!("input_file")),
            ("filename", json!(media.name)),
            ("file_url", json!(url)),
        ])),
        (MediaKind::Audio, _) => None,
    }
}
