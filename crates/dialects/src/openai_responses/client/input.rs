//! Reads `input`: the items of a conversation become turns.
//!
//! An answer's items each stand alone here, while a turn holds all that its role says in a row, so neighbours are
//! put together, in their order.

use canonical::{
    Fault, Losses, Media, MediaKind, MediaSource, Message, Part, Reasoning, Role, Seal, ToolCall,
    ToolResult,
};
use serde_json::Value;

use super::{
    content,
    seal::{self, Carried},
};
use crate::{
    fields::{Fields, invalid},
    freeform::arguments_of,
    openai_responses::{namespace, output::BETWEEN_THOUGHTS},
};

/// What `input` holds.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// The turns.
    pub(super) messages: Vec<Message>,
    /// Declarations of tools that stand among the items, and where.
    pub(super) tools: Vec<(Value, String)>,
}

/// Reads the member.
pub(super) fn read(fields: &mut Fields, losses: &mut Losses) -> Result<Input, Fault> {
    let mut input = Input::default();
    match fields.take("input") {
        Some(Value::String(text)) => input.say(Role::User, vec![Part::text(text)]),
        Some(Value::Array(items)) => {
            for (position, item) in items.into_iter().enumerate() {
                let item = Fields::of(item, &format!("input[{position}]"))?;
                input.item(item, losses)?;
            }
        }
        Some(_) => return Err(fields.wrong("input", "a string or a list of items")),
        None => return Err(fields.missing("input")),
    }
    Ok(input)
}

impl Input {
    fn item(&mut self, mut item: Fields, losses: &mut Losses) -> Result<(), Fault> {
        let kind = match item.string("type")? {
            Some(kind) => kind,
            None if item.has("role") => "message".to_owned(),
            None if item.has("id") => "item_reference".to_owned(),
            None => return Err(item.missing("type")),
        };
        // Ids are for what is stored, and a past item's state says nothing to the next turn.
        item.take("id");
        item.take("status");
        match kind.as_str() {
            "message" => self.message(&mut item, losses)?,
            "function_call" | "custom_tool_call" => self.call(&kind, &mut item)?,
            "function_call_output" | "custom_tool_call_output" => self.result(&mut item, losses)?,
            "reasoning" => self.reasoning(&mut item)?,
            "image_generation_call" if item.has("result") => self.picture(&mut item)?,
            "additional_tools" => {
                item.take("role");
                let place = item.place("tools");
                let tools = item.list("tools")?.into_iter().enumerate();
                self.tools.extend(tools.map(|(at, tool)| (tool, format!("{place}[{at}]"))));
            }
            "item_reference" => {
                let place = item.place("id");
                return Err(invalid(format!(
                    "`{place}` refers to a stored item: nothing is stored here, send the item itself"
                )));
            }
            other => {
                losses.note(format!("input.{other}"));
                return Ok(());
            }
        }
        item.note_rest("input", losses);
        Ok(())
    }

    fn message(&mut self, item: &mut Fields, losses: &mut Losses) -> Result<(), Fault> {
        let role = match item.required_string("role")?.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" | "developer" => Role::System,
            _ => return Err(item.wrong("role", "user, assistant, system or developer")),
        };
        let parts = content::read(item, "content", losses)?;
        match role {
            Role::Assistant => parts.into_iter().for_each(|part| self.answer(part)),
            Role::User | Role::System => self.say(role, parts),
        }
        Ok(())
    }

    fn call(&mut self, kind: &str, item: &mut Fields) -> Result<(), Fault> {
        let namespace = item.string("namespace")?;
        let name = namespace::joined(namespace.as_deref(), &item.required_string("name")?);
        let arguments = if kind == "custom_tool_call" {
            arguments_of(&item.required_string("input")?)
        } else {
            item.string("arguments")?.unwrap_or_default()
        };
        let id = item.required_string("call_id")?;
        self.answer(Part::ToolCall(ToolCall { id, name, arguments, seal: None }));
        Ok(())
    }

    fn result(&mut self, item: &mut Fields, losses: &mut Losses) -> Result<(), Fault> {
        let call_id = item.string("call_id")?.unwrap_or_default();
        let namespace = item.string("namespace")?;
        let name = item.string("name")?.map(|name| namespace::joined(namespace.as_deref(), &name));
        let content = content::read(item, "output", losses)?;
        let result = Part::ToolResult(ToolResult { call_id, name, content, is_error: false });
        let is_result = |part: &Part| matches!(part, Part::ToolResult(_));
        match self.messages.last_mut() {
            Some(Message { role: Role::User, parts }) if parts.iter().all(is_result) => {
                parts.push(result);
            }
            Some(_) | None => self.say(Role::User, vec![result]),
        }
        Ok(())
    }

    fn reasoning(&mut self, item: &mut Fields) -> Result<(), Fault> {
        let mut thoughts = Vec::new();
        for name in ["summary", "content"] {
            let place = item.place(name);
            for (position, thought) in item.list(name)?.into_iter().enumerate() {
                let mut thought = Fields::of(thought, &format!("{place}[{position}]"))?;
                thoughts.extend(thought.string("text")?.filter(|text| !text.is_empty()));
            }
        }
        let text = thoughts.join(BETWEEN_THOUGHTS);
        let seal = match item.string("encrypted_content")?.map(seal::unpack) {
            Some(Carried::OfPrior(seal)) => {
                self.seal_prior(seal);
                return Ok(());
            }
            Some(Carried::Alone(seal)) => {
                self.answer(Part::Text { text: String::new(), seal: Some(seal) });
                return Ok(());
            }
            Some(Carried::Block(opaque)) => {
                self.answer(Part::Opaque(opaque));
                return Ok(());
            }
            Some(Carried::OfThoughts(seal)) => Some(seal),
            None => None,
        };
        if seal.is_some() || !text.is_empty() {
            self.answer(Part::Reasoning(Reasoning { text, seal }));
        }
        Ok(())
    }

    /// Gives a seal back to the text or call that it came with; where the caller took that away, it stands alone.
    fn seal_prior(&mut self, sealed: Seal) {
        let prior = match self.messages.last_mut() {
            Some(Message { role: Role::Assistant, parts }) => parts.last_mut(),
            Some(_) | None => None,
        };
        match prior {
            Some(Part::Text { seal: seal @ None, .. }) => *seal = Some(sealed),
            Some(Part::ToolCall(call)) if call.seal.is_none() => call.seal = Some(sealed),
            Some(_) | None => {
                self.answer(Part::Text { text: String::new(), seal: Some(sealed) });
            }
        }
    }

    fn picture(&mut self, item: &mut Fields) -> Result<(), Fault> {
        let format = item.string("output_format")?.unwrap_or_else(|| "png".to_owned());
        self.answer(Part::Media(Media {
            kind: MediaKind::Image,
            mime: Some(format!("image/{format}")),
            source: MediaSource::Base64(item.required_string("result")?),
            detail: None,
            name: None,
        }));
        Ok(())
    }

    /// Adds to what the model said in a row.
    fn answer(&mut self, part: Part) {
        match self.messages.last_mut() {
            Some(Message { role: Role::Assistant, parts }) => parts.push(part),
            Some(_) | None => self.say(Role::Assistant, vec![part]),
        }
    }

    fn say(&mut self, role: Role, parts: Vec<Part>) {
        self.messages.push(Message { role, parts });
    }
}
