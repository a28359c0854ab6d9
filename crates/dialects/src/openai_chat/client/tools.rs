//! Reads which tools a caller offers and which of them must be called.

use canonical::{Fault, Losses, Tool, ToolChoice};
use serde_json::Value;

use crate::fields::{Fields, invalid};

/// What a tool choice may be.
const CHOICES: &str = "`none`, `auto`, `required` or an object that names a tool";

/// Takes `tools`. Those that only the caller's own vendor runs are noted.
pub(super) fn tools(request: &mut Fields, losses: &mut Losses) -> Result<Vec<Tool>, Fault> {
    let mut tools = Vec::new();
    for (index, value) in request.list("tools")?.into_iter().enumerate() {
        let declared = Fields::of(value, &format!("tools[{index}]"))?;
        tools.extend(tool(declared, losses)?);
    }
    Ok(tools)
}

fn tool(mut declared: Fields, losses: &mut Losses) -> Result<Option<Tool>, Fault> {
    // Mistral takes a tool without a type as a function.
    let kind = declared.string("type")?.unwrap_or_else(|| "function".to_owned());
    let freeform = match kind.as_str() {
        "function" => false,
        "custom" => true,
        other => {
            losses.note(format!("tools.{other}"));
            return Ok(None);
        }
    };
    let mut named = declared.object(&kind)?.ok_or_else(|| declared.missing(&kind))?;
    let tool = Tool {
        name: named.required_string("name")?,
        description: named.string("description")?,
        parameters: if freeform { None } else { named.take("parameters") },
        strict: if freeform { None } else { named.boolean("strict")? },
        freeform,
    };
    if freeform && named.take("format").is_some_and(|format| format.get("grammar").is_some()) {
        losses.note("tools.custom.format");
    }
    named.note_rest("tools", losses);
    declared.note_rest("tools", losses);
    Ok(Some(tool))
}

/// Takes `tool_choice`; one that allows some tools alone leaves only those in `tools`.
pub(super) fn tool_choice(
    request: &mut Fields,
    tools: &mut Vec<Tool>,
) -> Result<Option<ToolChoice>, Fault> {
    let wrong = request.wrong("tool_choice", CHOICES);
    let place = request.place("tool_choice");
    let mut choice = match request.take("tool_choice") {
        None => return Ok(None),
        Some(Value::String(word)) => return mode(&word).map(Some).ok_or(wrong),
        Some(value) => Fields::of(value, &place)?,
    };
    match choice.string("type")?.as_deref() {
        Some("allowed_tools") => {
            let Some(mut allowed) = choice.object("allowed_tools")? else {
                return Err(choice.missing("allowed_tools"));
            };
            let chosen = mode(&allowed.required_string("mode")?).ok_or(wrong)?;
            let at = allowed.place("tools");
            let mut names = Vec::new();
            for (index, value) in allowed.list("tools")?.into_iter().enumerate() {
                names.push(name(Fields::of(value, &format!("{at}[{index}]"))?)?);
            }
            tools.retain(|tool| names.contains(&tool.name));
            Ok(Some(chosen))
        }
        Some("function" | "custom") | None => Ok(Some(ToolChoice::Tool(name(choice)?))),
        Some(other) => {
            Err(invalid(format!("`{place}` can't be of the type `{other}`: it must be {CHOICES}")))
        }
    }
}

/// Reads a word; Mistral's `any` is OpenAI's `required`.
fn mode(word: &str) -> Option<ToolChoice> {
    match word {
        "auto" => Some(ToolChoice::Auto),
        "none" => Some(ToolChoice::None),
        "required" | "any" => Some(ToolChoice::Required),
        _ => None,
    }
}

/// Reads the name of a tool that is pointed at.
fn name(mut tool: Fields) -> Result<String, Fault> {
    let named = match tool.object("function")? {
        Some(function) => Some(function),
        None => tool.object("custom")?,
    };
    match named {
        Some(mut named) => named.required_string("name"),
        None => tool.required_string("name"),
    }
}
