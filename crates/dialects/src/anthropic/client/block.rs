//! Reads the content blocks of a caller's messages.

use canonical::{Dialect, Fault, Losses, Opaque, Part, Reasoning, Seal, ToolCall, ToolResult};
use serde_json::{Value, json};

use super::{call_id::original, carried_seal::CarriedSeal, media};
use crate::{
    fields::{Fields, invalid},
    foreign_seal::unpack,
    json,
};

/// Reads content block by block.
pub(super) struct Blocks<'a> {
    /// What the members of blocks are called in the losses: `messages` or `system`.
    group: &'static str,
    pub(super) losses: &'a mut Losses,
    /// The seal of the tool call that has yet to come.
    next_call: Option<Seal>,
}

impl<'a> Blocks<'a> {
    /// Starts to read what is noted in `losses` under `group`.
    pub(super) fn new(group: &'static str, losses: &'a mut Losses) -> Self {
        Self { group, losses, next_call: None }
    }

    /// Reads content that stands at `place`: a string, or a list of blocks.
    pub(super) fn read(&mut self, content: Value, place: &str) -> Result<Vec<Part>, Fault> {
        let blocks = match content {
            Value::String(text) => return Ok(vec![Part::text(text)]),
            Value::Array(blocks) => blocks,
            _ => return Err(invalid(format!("`{place}` must be a string or a list"))),
        };
        let mut parts = Vec::with_capacity(blocks.len());
        for (index, block) in blocks.into_iter().enumerate() {
            self.block(block, &format!("{place}[{index}]"), &mut parts)?;
        }
        Ok(parts)
    }

    /// Ends a turn of the model: a seal whose call didn't come is lost.
    pub(super) fn end_turn(&mut self) {
        if self.next_call.take().is_some() {
            self.losses.note("messages.seal");
        }
    }

    /// Reads one block. Those that only the dialect understands stay as they are.
    fn block(&mut self, block: Value, place: &str, parts: &mut Vec<Part>) -> Result<(), Fault> {
        let kind = json::text(&block, "type").map(str::to_owned);
        let opaque = |json| Part::Opaque(Opaque { dialect: Dialect::Anthropic, json });
        let part = match kind.as_deref() {
            Some("text") => self.text(Fields::of(block, place)?)?,
            Some("thinking") => match self.thinking(Fields::of(block, place)?)? {
                Some(reasoning) => Part::Reasoning(reasoning),
                None => return Ok(()),
            },
            Some("redacted_thinking") => match self.redacted(&block) {
                Some(CarriedSeal::Thought(seal)) => {
                    Part::Reasoning(Reasoning { text: String::new(), seal: Some(seal) })
                }
                Some(CarriedSeal::NextCall(seal)) => {
                    self.end_turn();
                    self.next_call = Some(seal);
                    return Ok(());
                }
                None => opaque(block),
            },
            Some("tool_use") => self.tool_use(Fields::of(block, place)?)?,
            Some("tool_result") => self.tool_result(Fields::of(block, place)?)?,
            Some("image" | "document") if !media::is_known(&block) => opaque(block),
            Some("image") => media::image(Fields::of(block, place)?, self)?,
            Some("document") => {
                parts.extend(media::document(Fields::of(block, place)?, self)?);
                return Ok(());
            }
            Some(_) => opaque(block),
            None => return Err(Fields::of(block, place)?.missing("type")),
        };
        parts.push(part);
        Ok(())
    }

    fn text(&mut self, mut fields: Fields) -> Result<Part, Fault> {
        let text = fields.required_string("text")?;
        self.note_rest(fields);
        Ok(Part::text(text))
    }

    fn thinking(&mut self, mut fields: Fields) -> Result<Option<Reasoning>, Fault> {
        let text = fields.string("thinking")?.unwrap_or_default();
        let signature = fields.string("signature")?.filter(|signature| !signature.is_empty());
        self.note_rest(fields);
        let seal = signature.map(|signature| unpack(signature, Dialect::Anthropic));
        Ok((!text.is_empty() || seal.is_some()).then_some(Reasoning { text, seal }))
    }

    fn redacted(&self, block: &Value) -> Option<CarriedSeal> {
        CarriedSeal::read(json::text(block, "data")?)
    }

    fn tool_use(&mut self, mut fields: Fields) -> Result<Part, Fault> {
        let id = original(fields.required_string("id")?);
        let name = fields.required_string("name")?;
        let arguments = match fields.take("input").unwrap_or_else(|| json!({})) {
            input @ Value::Object(_) => input.to_string(),
            _ => return Err(fields.wrong("input", "an object")),
        };
        self.note_rest(fields);
        let seal = self.next_call.take();
        Ok(Part::ToolCall(ToolCall { id, name, arguments, seal }))
    }

    fn tool_result(&mut self, mut fields: Fields) -> Result<Part, Fault> {
        let call_id = original(fields.required_string("tool_use_id")?);
        let is_error = fields.boolean("is_error")?.unwrap_or_default();
        let place = fields.place("content");
        let content = match fields.take("content") {
            Some(content) => self.read(content, &place)?,
            None => Vec::new(),
        };
        self.note_rest(fields);
        Ok(Part::ToolResult(ToolResult { call_id, name: None, content, is_error }))
    }

    /// Notes what nobody took of a block.
    pub(super) fn note_rest(&mut self, mut fields: Fields) {
        fields.take("type");
        fields.note_rest(self.group, self.losses);
    }
}
