//! Reads `messages` of a caller, in the shape that OpenAI chat and Mistral share.

use canonical::{Dialect, Fault, Losses, Message, Part, Role, ToolCall, ToolResult};
use serde_json::Value;

use super::{
    content::content,
    thoughts::{take_seal, take_thoughts},
};
use crate::{
    fields::{Fields, invalid},
    freeform::arguments_of,
};

/// The instructions before a conversation, and the conversation.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    pub(crate) system: Vec<Part>,
    pub(crate) messages: Vec<Message>,
}

/// Reads the messages of a caller of `dialect`.
pub(crate) fn conversation(
    messages: Vec<Value>,
    dialect: Dialect,
    losses: &mut Losses,
) -> Result<Conversation, Fault> {
    if messages.is_empty() {
        return Err(invalid("`messages` must hold at least one message"));
    }
    let mut conversation = Conversation::default();
    for (index, value) in messages.into_iter().enumerate() {
        let mut message = Fields::of(value, &format!("messages[{index}]"))?;
        conversation.add(&mut message, dialect, losses)?;
        message.note_rest("messages", losses);
    }
    Ok(conversation)
}

impl Conversation {
    fn add(
        &mut self,
        message: &mut Fields,
        dialect: Dialect,
        losses: &mut Losses,
    ) -> Result<(), Fault> {
        let role = message.required_string("role")?;
        let said = content(message, dialect, losses)?;
        match role.as_str() {
            "system" | "developer" => {
                let parts = said.ok_or_else(|| message.missing("content"))?;
                if self.messages.is_empty() {
                    self.system.extend(parts);
                } else {
                    self.messages.push(Message { role: Role::System, parts });
                }
            }
            "user" => {
                let parts = said.ok_or_else(|| message.missing("content"))?;
                self.messages.push(Message { role: Role::User, parts });
            }
            "assistant" => {
                let parts = assistant(message, said.unwrap_or_default(), losses)?;
                self.messages.push(Message { role: Role::Assistant, parts });
            }
            "tool" => {
                let result = ToolResult {
                    call_id: message.string("tool_call_id")?.unwrap_or_default(),
                    name: message.string("name")?.filter(|name| !name.is_empty()),
                    content: said.unwrap_or_default(),
                    is_error: false,
                };
                self.result(Part::ToolResult(result));
            }
            "function" => return Err(outdated("messages with the role `function`", "`tool`")),
            _ => {
                let expected = "`system`, `developer`, `user`, `assistant` or `tool`";
                return Err(message.wrong("role", expected));
            }
        }
        Ok(())
    }

    /// Results that follow each other answer the calls of one turn, so they are one turn.
    fn result(&mut self, result: Part) {
        match self.messages.last_mut() {
            Some(Message { role: Role::User, parts })
                if matches!(parts.last(), Some(Part::ToolResult(_))) =>
            {
                parts.push(result);
            }
            Some(_) | None => {
                self.messages.push(Message { role: Role::User, parts: vec![result] });
            }
        }
    }
}

/// The fault of what OpenAI replaced in 2023.
pub(super) fn outdated(what: &str, instead: &str) -> Fault {
    invalid(format!("{what} are no longer served: use {instead} instead"))
}

fn assistant(
    message: &mut Fields,
    mut said: Vec<Part>,
    losses: &mut Losses,
) -> Result<Vec<Part>, Fault> {
    if message.has("function_call") {
        return Err(outdated("messages with `function_call`", "`tool_calls`"));
    }
    let mut parts = take_thoughts(message, losses)?;
    said.extend(message.string("refusal")?.map(Part::text));
    if let Some(new) = take_seal(message)? {
        match said.last_mut() {
            Some(Part::Text { seal, .. }) => *seal = Some(new),
            Some(_) | None => said.push(Part::Text { text: String::new(), seal: Some(new) }),
        }
    }
    let place = message.place("tool_calls");
    let mut calls = Vec::new();
    for (index, value) in message.list("tool_calls")?.into_iter().enumerate() {
        let call = Fields::of(value, &format!("{place}[{index}]"))?;
        calls.push(Part::ToolCall(tool_call(call, losses)?));
    }
    // An answer of calls alone comes back with an empty text, which some providers refuse.
    let says_nothing =
        |part: &Part| matches!(part, Part::Text { text, seal: None } if text.is_empty());
    if !calls.is_empty() {
        said.retain(|part| !says_nothing(part));
    }
    parts.extend(said);
    parts.extend(calls);
    // Mistral's and DeepSeek's mark of a beginning to go on from, which a last message is anyway.
    message.boolean("prefix")?;
    if !message.list("annotations")?.is_empty() {
        losses.note("messages.annotations");
    }
    Ok(parts)
}

fn tool_call(mut call: Fields, losses: &mut Losses) -> Result<ToolCall, Fault> {
    let id = call.string("id")?.unwrap_or_default();
    // SDKs that put streams together leave these in.
    call.take("index");
    call.take("type");
    let seal = take_seal(&mut call)?;
    let (mut called, arguments) = match call.object("custom")? {
        Some(mut custom) => {
            let input = custom.string("input")?.unwrap_or_default();
            (custom, arguments_of(&input))
        }
        None => {
            let mut function = call.object("function")?.ok_or_else(|| call.missing("function"))?;
            let arguments = match function.take("arguments") {
                Some(Value::String(text)) => text,
                Some(object @ Value::Object(_)) => object.to_string(),
                None => String::new(),
                Some(_) => return Err(function.wrong("arguments", "JSON as a string")),
            };
            (function, arguments)
        }
    };
    let name = called.required_string("name")?;
    called.note_rest("messages.tool_calls", losses);
    call.note_rest("messages.tool_calls", losses);
    Ok(ToolCall { id, name, arguments, seal })
}
