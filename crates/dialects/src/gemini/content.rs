//! The conversation as Gemini's `systemInstruction` and `contents`.

use canonical::{
    Dialect, Losses, Media, MediaKind, MediaSource, Part, Request, Role, Seal, ToolCall, ToolResult,
};
use serde_json::{Value, json};

use crate::{
    arguments::arguments, chat_messages::opaque_member, object::object, tool_ids::ToolIds,
};

/// Stands for the seal of a call that another provider made; without one, Gemini 3 and later refuse the
/// conversation. Source: <https://ai.google.dev/gemini-api/docs/thought-signatures>
const FOREIGN_CALL_SEAL: &str = "skip_thought_signature_validator";

/// A conversation in the dialect's two places.
#[derive(Debug)]
pub(super) struct Conversation {
    /// Parts of the `systemInstruction`.
    pub(super) system: Vec<Value>,
    turns: Vec<Turn>,
}

/// All that one role says in a row.
#[derive(Debug)]
struct Turn {
    role: &'static str,
    parts: Vec<Value>,
}

impl Conversation {
    /// Sorts the request's instructions and turns into their places.
    pub(super) fn of(request: &Request, losses: &mut Losses) -> Self {
        let mut writer = Writer { ids: ToolIds::new(|id, _| id.to_owned()), losses };
        let mut conversation = Self { system: writer.parts(&request.system), turns: Vec::new() };
        for message in &request.messages {
            let parts = writer.parts(&message.parts);
            match message.role {
                Role::System => {
                    if !conversation.turns.is_empty() {
                        writer.losses.note("messages.system_position");
                    }
                    conversation.system.extend(parts);
                }
                Role::User => conversation.say("user", parts),
                Role::Assistant => conversation.say("model", parts),
            }
        }
        conversation.begin(writer.losses);
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

    /// The member `contents`.
    pub(super) fn into_contents(self) -> Value {
        self.turns.into_iter().map(Turn::into_content).collect()
    }

    /// Adds to the last turn, or begins one when another role spoke last.
    fn say(&mut self, role: &'static str, parts: Vec<Value>) {
        match self.turns.last_mut().filter(|turn| turn.role == role) {
            Some(turn) => turn.parts.extend(parts),
            None if parts.is_empty() => {}
            None => self.turns.push(Turn { role, parts }),
        }
    }
}

impl Turn {
    fn into_content(mut self) -> Value {
        // Responses have to stand before anything else that answers the calls' turn.
        self.parts
            .sort_by_key(|part| part.get("functionResponse").is_none() && self.role == "user");
        let first_call = self.parts.iter_mut().find(|part| part.get("functionCall").is_some());
        if let Some(call) = first_call.and_then(Value::as_object_mut) {
            call.entry("thoughtSignature").or_insert(json!(FOREIGN_CALL_SEAL));
        }
        json!({"role": self.role, "parts": self.parts})
    }
}

/// Turns parts into the dialect's parts.
struct Writer<'a> {
    ids: ToolIds,
    losses: &'a mut Losses,
}

impl Writer<'_> {
    fn parts(&mut self, parts: &[Part]) -> Vec<Value> {
        parts.iter().flat_map(|part| self.part(part)).collect()
    }

    /// Returns what says `part`; what cannot be said is noted.
    fn part(&mut self, part: &Part) -> Vec<Value> {
        match part {
            Part::Text { text, seal } => {
                let seal = self.seal(seal.as_ref());
                if text.is_empty() && seal.is_null() {
                    return Vec::new();
                }
                vec![object([("text", json!(text)), ("thoughtSignature", seal)])]
            }
            Part::Media(media) => vec![self.media(media)],
            Part::ToolCall(call) => vec![self.tool_call(call)],
            Part::ToolResult(result) => self.tool_result(result),
            Part::Reasoning(reasoning) => match &reasoning.seal {
                Some(Seal { dialect: Dialect::Gemini, data }) => {
                    vec![json!({"text": reasoning.text, "thought": true, "thoughtSignature": data})]
                }
                Some(_) | None => self.lost("messages.reasoning"),
            },
            Part::Opaque(opaque) if opaque.dialect == Dialect::Gemini => vec![opaque.json.clone()],
            Part::Opaque(opaque) => self.lost(&opaque_member(opaque)),
        }
    }

    /// Returns the dialect's own seal, else null.
    fn seal(&mut self, seal: Option<&Seal>) -> Value {
        match seal {
            Some(Seal { dialect: Dialect::Gemini, data }) => json!(data),
            Some(_) => {
                self.losses.note("messages.seal");
                Value::Null
            }
            None => Value::Null,
        }
    }

    fn media(&mut self, media: &Media) -> Value {
        if media.detail.as_ref().is_some_and(|detail| detail != "auto") {
            self.losses.note("messages.detail");
        }
        match &media.source {
            MediaSource::Base64(data) => {
                let mime = media.mime.as_deref().unwrap_or(match media.kind {
                    MediaKind::Image => "image/png",
                    MediaKind::Document => "application/pdf",
                    MediaKind::Audio => "audio/wav",
                });
                json!({"inlineData": {"mimeType": mime, "data": data}})
            }
            MediaSource::Url(url) => {
                let file = object([("mimeType", json!(media.mime)), ("fileUri", json!(url))]);
                json!({"fileData": file})
            }
        }
    }

    fn tool_call(&mut self, call: &ToolCall) -> Value {
        let seal = self.seal(call.seal.as_ref());
        let id = self.ids.call(call);
        let args = arguments(call, self.losses);
        let call = object([("id", filled(id)), ("name", json!(call.name)), ("args", args)]);
        object([("functionCall", call), ("thoughtSignature", seal)])
    }

    /// Writes a result, and its media behind it: models before Gemini 3 take none inside of it.
    fn tool_result(&mut self, result: &ToolResult) -> Vec<Value> {
        let answered = self.ids.result(result);
        if answered.name.is_none() {
            self.losses.note("messages.tool_result.name");
        }
        let name = answered.name.unwrap_or_else(|| "unknown".to_owned());
        let mut text = String::new();
        let mut beside = Vec::new();
        for part in &result.content {
            match part {
                Part::Text { text: more, .. } => text.push_str(more),
                Part::Media(_)
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Reasoning(_)
                | Part::Opaque(_) => beside.extend(self.part(part)),
            }
        }
        let response = response(text, result.is_error);
        let response =
            object([("id", filled(answered.id)), ("name", json!(name)), ("response", response)]);
        beside.insert(0, json!({"functionResponse": response}));
        beside
    }

    fn lost(&mut self, member: &str) -> Vec<Value> {
        self.losses.note(member);
        Vec::new()
    }
}

/// Wraps what a tool said, since the provider takes nothing but an object. An object stays itself.
fn response(text: String, is_error: bool) -> Value {
    if is_error {
        return json!({"error": text});
    }
    let object = serde_json::from_str(&text).ok().filter(Value::is_object);
    object.unwrap_or_else(|| json!({"output": text}))
}

fn filled(text: String) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}
