//! The conversation as `messages`, in the shape that OpenAI chat and Mistral share.

use canonical::{
    Dialect, Losses, Media, MediaKind, MediaSource, Message, Opaque, Part, Reasoning, Request,
    Role, Seal, ToolCall, ToolResult,
};
use serde_json::{Map, Value, json};

use crate::tool_ids::ToolIds;

/// Where the two dialects differ.
pub(crate) struct Style {
    /// The dialect whose seals and opaque blocks may be sent.
    pub(crate) dialect: Dialect,
    /// Makes the id that the provider is told for a tool call, of its own id and its position.
    pub(crate) tool_id: fn(&str, usize) -> String,
    /// Writes media as a content chunk, unless the dialect can't say it.
    pub(crate) media: fn(&Media) -> Option<Value>,
    /// Whether results of tools hold media; else the user shows them, once all results are told.
    pub(crate) results_hold_media: bool,
    /// Writes the model's earlier thinking into its message.
    pub(crate) reasoning: fn(&Reasoning, &mut AssistantMessage, &mut Losses),
}

/// An assistant's message under construction.
#[derive(Debug, Default)]
pub(crate) struct AssistantMessage {
    /// Members beside `role`, `content` and `tool_calls`.
    pub(crate) members: Map<String, Value>,
    /// The chunks of `content`.
    pub(crate) content: Vec<Value>,
    tool_calls: Vec<Value>,
}

/// Writes the system prompt and all turns.
pub(crate) fn messages(style: &Style, request: &Request, losses: &mut Losses) -> Vec<Value> {
    let ids = ToolIds::new(style.tool_id);
    let mut writer = Writer { style, ids, losses, out: Vec::new() };
    if !request.system.is_empty() {
        writer.said("system", &request.system);
    }
    for Message { role, parts } in &request.messages {
        match role {
            Role::System => writer.said("system", parts),
            Role::User => writer.user(parts),
            Role::Assistant => writer.assistant(parts),
        }
    }
    writer.out
}

struct Writer<'a> {
    style: &'a Style,
    ids: ToolIds,
    losses: &'a mut Losses,
    out: Vec<Value>,
}

impl Writer<'_> {
    fn said(&mut self, role: &str, parts: &[Part]) {
        let content = self.content(parts);
        self.out.push(json!({ "role": role, "content": plain(content) }));
    }

    /// Writes tool results first, since they have to stand right behind the calls they answer.
    fn user(&mut self, parts: &[Part]) {
        let (mut shown, mut rest) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::ToolResult(result) => shown.extend(self.tool_result(result)),
                Part::Text { .. }
                | Part::Media(_)
                | Part::ToolCall(_)
                | Part::Reasoning(_)
                | Part::Opaque(_) => rest.push(part.clone()),
            }
        }
        shown.append(&mut rest);
        if !shown.is_empty() || parts.is_empty() {
            self.said("user", &shown);
        }
    }

    /// Writes a result, and returns what of it the user has to show.
    fn tool_result(&mut self, result: &ToolResult) -> Vec<Part> {
        if result.is_error {
            self.losses.note("messages.tool_result.is_error");
        }
        let is_shown =
            |part: &Part| matches!(part, Part::Media(_)) && !self.style.results_hold_media;
        let (shown, told) = result.content.iter().cloned().partition::<Vec<_>, _>(is_shown);
        let id = self.ids.result(result).id;
        let content = plain(self.content(&told));
        self.out.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
        shown
    }

    fn assistant(&mut self, parts: &[Part]) {
        let mut message = AssistantMessage::default();
        for part in parts {
            match part {
                Part::Reasoning(reasoning) => {
                    (self.style.reasoning)(reasoning, &mut message, self.losses)
                }
                Part::ToolCall(call) => {
                    let call = self.tool_call(call);
                    message.tool_calls.push(call);
                }
                Part::Text { .. } | Part::Media(_) | Part::ToolResult(_) | Part::Opaque(_) => {
                    message.content.extend(self.chunk(part));
                }
            }
        }
        self.out.push(message.into_json());
    }

    fn tool_call(&mut self, call: &ToolCall) -> Value {
        self.note_seal(call.seal.as_ref());
        let arguments = Some(call.arguments.trim()).filter(|text| !text.is_empty()).unwrap_or("{}");
        let function = json!({ "name": call.name, "arguments": arguments });
        json!({ "id": self.ids.call(call), "type": "function", "function": function })
    }

    fn content(&mut self, parts: &[Part]) -> Vec<Value> {
        parts.iter().filter_map(|part| self.chunk(part)).collect()
    }

    /// Writes a part as a chunk of `content`; what can be none is noted.
    fn chunk(&mut self, part: &Part) -> Option<Value> {
        match part {
            Part::Text { text, seal } => {
                self.note_seal(seal.as_ref());
                Some(json!({ "type": "text", "text": text }))
            }
            Part::Media(media) => {
                let chunk = (self.style.media)(media);
                if chunk.is_none() {
                    self.losses.note(media_member(media.kind));
                }
                chunk
            }
            Part::Opaque(opaque) if opaque.dialect == self.style.dialect => {
                Some(opaque.json.clone())
            }
            Part::Opaque(opaque) => {
                self.losses.note(opaque_member(opaque));
                None
            }
            Part::Reasoning(_) => {
                self.losses.note("messages.reasoning");
                None
            }
            Part::ToolCall(_) => {
                self.losses.note("messages.tool_calls");
                None
            }
            Part::ToolResult(_) => {
                self.losses.note("messages.tool_result");
                None
            }
        }
    }

    /// Neither dialect has a place for seals on text or calls.
    fn note_seal(&mut self, seal: Option<&Seal>) {
        if seal.is_some() {
            self.losses.note("messages.seal");
        }
    }
}

impl AssistantMessage {
    fn into_json(self) -> Value {
        let content = match (self.content.is_empty(), self.tool_calls.is_empty()) {
            (true, false) => Value::Null,
            (true, true) | (false, _) => plain(self.content),
        };
        let mut message = Map::new();
        message.insert("role".into(), "assistant".into());
        message.insert("content".into(), content);
        if !self.tool_calls.is_empty() {
            message.insert("tool_calls".into(), self.tool_calls.into());
        }
        message.extend(self.members);
        message.into()
    }
}

/// What a media part is called in [`Losses`].
pub(crate) fn media_member(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "messages.image",
        MediaKind::Document => "messages.document",
        MediaKind::Audio => "messages.audio",
    }
}

/// What a block of another dialect is called in [`Losses`].
pub(crate) fn opaque_member(opaque: &Opaque) -> String {
    format!("messages.{}", opaque_name(&opaque.json))
}

/// The name of a block of another dialect: its type, or the member that holds it.
pub(crate) fn opaque_name(json: &Value) -> &str {
    let holds = |(_, value): &(&String, &Value)| value.is_object();
    let member = || json.as_object()?.iter().find(holds).map(|(name, _)| name.as_str());
    json.get("type").and_then(Value::as_str).or_else(member).unwrap_or("opaque")
}

/// The address of media: its own, or a `data:` URL that holds its bytes.
pub(crate) fn media_url(media: &Media) -> String {
    match &media.source {
        MediaSource::Url(url) => url.clone(),
        MediaSource::Base64(data) => {
            let mime = media.mime.as_deref().unwrap_or(match media.kind {
                MediaKind::Image => "image/png",
                MediaKind::Document => "application/pdf",
                MediaKind::Audio => "audio/wav",
            });
            format!("data:{mime};base64,{data}")
        }
    }
}

/// Writes content as a string where it is one text, which every server reads, else as chunks.
fn plain(content: Vec<Value>) -> Value {
    match content.as_slice() {
        [] => Value::from(""),
        [only] if only.get("type").and_then(Value::as_str) == Some("text") => {
            only.get("text").cloned().unwrap_or_default()
        }
        _ => content.into(),
    }
}
