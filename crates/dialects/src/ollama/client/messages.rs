//! Reads a chat's `messages`.

use canonical::{Fault, Losses, Message, Part, Reasoning, Role, ToolCall, ToolResult};
use serde_json::Value;

use super::image;
use crate::fields::Fields;

/// Reads the system prompt, which the first messages are if they are the system's, and all turns.
pub(super) fn read(
    list: Vec<Value>,
    losses: &mut Losses,
) -> Result<(Vec<Part>, Vec<Message>), Fault> {
    let (mut system, mut turns) = (Vec::new(), Vec::<Message>::new());
    for (index, value) in list.into_iter().enumerate() {
        let mut fields = Fields::of(value, &format!("messages[{index}]"))?;
        // Ollama takes roles in any case.
        let role = fields.required_string("role")?.to_lowercase();
        let role = match role.as_str() {
            "system" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" => {
                answered(&mut turns, tool_result(&mut fields)?);
                fields.note_rest("messages", losses);
                continue;
            }
            _ => return Err(fields.wrong("role", "system, user, assistant or tool")),
        };
        let parts = said(&mut fields, losses)?;
        fields.note_rest("messages", losses);
        if role == Role::System && turns.is_empty() {
            system.extend(parts);
        } else {
            turns.push(Message { role, parts });
        }
    }
    Ok((system, turns))
}

/// Adds a tool's result. Those that stand together answer one turn, and become one.
fn answered(turns: &mut Vec<Message>, result: Part) {
    let is_result = |part: &Part| matches!(part, Part::ToolResult(_));
    match turns.last_mut().filter(|turn| turn.parts.last().is_some_and(is_result)) {
        Some(turn) => turn.parts.push(result),
        None => turns.push(Message { role: Role::User, parts: vec![result] }),
    }
}

fn tool_result(fields: &mut Fields) -> Result<Part, Fault> {
    let mut content = image::take(fields)?;
    content.insert(0, Part::text(fields.string("content")?.unwrap_or_default()));
    Ok(Part::ToolResult(ToolResult {
        call_id: fields.string("tool_call_id")?.unwrap_or_default(),
        name: fields.string("tool_name")?.filter(|name| !name.is_empty()),
        content,
        is_error: false,
    }))
}

/// Reads what was thought, shown, said and called, in this order.
fn said(fields: &mut Fields, losses: &mut Losses) -> Result<Vec<Part>, Fault> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let mut parts = Vec::new();
    if let Some(text) = filled(fields.string("thinking")?) {
        parts.push(Part::Reasoning(Reasoning { text, seal: None }));
    }
    parts.extend(image::take(fields)?);
    parts.extend(filled(fields.string("content")?).map(Part::text));
    let place = fields.place("tool_calls");
    for (index, value) in fields.list("tool_calls")?.into_iter().enumerate() {
        parts.push(Part::ToolCall(tool_call(value, &format!("{place}[{index}]"), losses)?));
    }
    Ok(parts)
}

fn tool_call(value: Value, place: &str, losses: &mut Losses) -> Result<ToolCall, Fault> {
    let mut fields = Fields::of(value, place)?;
    fields.take("type");
    let id = fields.string("id")?.unwrap_or_default();
    let mut function = fields.object("function")?.ok_or_else(|| fields.missing("function"))?;
    // Its place among the calls, where it stands anyway.
    function.take("index");
    let name = function.required_string("name")?;
    let arguments = match function.take("arguments") {
        None => "{}".to_owned(),
        // Clients that also speak OpenAI's dialect send what they have from there.
        Some(Value::String(text)) => text,
        Some(arguments @ Value::Object(_)) => arguments.to_string(),
        Some(_) => return Err(function.wrong("arguments", "an object")),
    };
    function.note_rest("messages.tool_calls", losses);
    fields.note_rest("messages.tool_calls", losses);
    Ok(ToolCall { id, name, arguments, seal: None })
}

#[cfg(test)]
mod tests {
    use canonical::{Fault, Losses, Message, Part, Role};
    use serde_json::{Value, json};

    use super::read;

    fn read_all(messages: Value) -> Result<(Vec<Part>, Vec<Message>, String), Fault> {
        let mut losses = Losses::default();
        let messages = messages.as_array().cloned().unwrap();
        let (system, turns) = read(messages, &mut losses)?;
        Ok((system, turns, losses.to_string()))
    }

    /// Each turn's role, and a word for each of its parts.
    fn outline(turns: &[Message]) -> Vec<String> {
        let part = |part: &Part| match part {
            Part::Text { text, .. } => text.clone(),
            Part::Media(media) => media.mime.clone().unwrap_or_default(),
            Part::ToolCall(call) => format!("{}={}{}", call.id, call.name, call.arguments),
            Part::ToolResult(result) => {
                format!("{}={:?}{}", result.call_id, result.name, result.content.len())
            }
            Part::Reasoning(reasoning) => format!("({})", reasoning.text),
            Part::Opaque(_) => "opaque".to_owned(),
        };
        let turn = |turn: &Message| {
            let parts: Vec<_> = turn.parts.iter().map(part).collect();
            format!("{:?}: {}", turn.role, parts.join(" "))
        };
        turns.iter().map(turn).collect()
    }

    #[test]
    fn turns_are_read_in_order() {
        let (system, turns, lost) = read_all(json!([
            { "role": "system", "content": "Be brief." },
            { "role": "System", "content": "Be kind." },
            { "role": "user", "content": "What is it?", "images": ["/9j/4AAQ"] },
            { "role": "assistant", "content": "", "thinking": "Hm.", "tool_calls": [
                { "id": "c1", "type": "function", "function": { "index": 0, "name": "see", "arguments": { "b": 1, "a": 2 } } },
                { "function": { "name": "ask", "arguments": "{\"x\":1}" } },
                { "function": { "name": "end" } },
            ]},
            { "role": "tool", "content": "a fish", "tool_call_id": "c1", "tool_name": "see" },
            { "role": "tool", "content": "yes", "tool_name": "ask", "images": ["QUJD"] },
            { "role": "tool", "content": "no" },
            { "role": "system", "content": "In rhyme." },
            { "role": "user", "content": "So?", "mood": "curious" },
        ]))
        .unwrap();
        assert_eq!(system, [Part::text("Be brief."), Part::text("Be kind.")]);
        let expected = [
            "User: image/jpeg What is it?",
            r#"Assistant: (Hm.) c1=see{"b":1,"a":2} =ask{"x":1} =end{}"#,
            r#"User: c1=Some("see")1 =Some("ask")2 =None1"#,
            "System: In rhyme.",
            "User: So?",
        ];
        assert_eq!(outline(&turns), expected);
        assert_eq!(lost, "messages.mood");
    }

    #[test]
    fn results_do_not_join_what_a_person_says() {
        let (_, turns, _) = read_all(json!([
            { "role": "user", "content": "Hi" },
            { "role": "tool", "content": "x" },
            { "role": "user", "content": "Ho" },
        ]))
        .unwrap();
        assert_eq!(turns.len(), 3);
        assert!(turns.iter().all(|turn| turn.role == Role::User));
    }

    #[test]
    fn faults_name_the_place() {
        for (message, expected) in [
            (json!({ "content": "Hi" }), "`messages[0].role` is missing"),
            (
                json!({ "role": "bot" }),
                "`messages[0].role` must be system, user, assistant or tool",
            ),
            (
                json!({ "role": "user", "content": ["Hi"] }),
                "`messages[0].content` must be a string",
            ),
            (
                json!({ "role": "user", "images": [1] }),
                "`messages[0].images` must be a string or a list of strings",
            ),
            (
                json!({ "role": "assistant", "tool_calls": [{ "function": { "name": "f", "arguments": [] } }] }),
                "`messages[0].tool_calls[0].function.arguments` must be an object",
            ),
            (
                json!({ "role": "assistant", "tool_calls": [{}] }),
                "`messages[0].tool_calls[0].function` is missing",
            ),
        ] {
            assert_eq!(read_all(json!([message])).unwrap_err().public, expected);
        }
    }
}
