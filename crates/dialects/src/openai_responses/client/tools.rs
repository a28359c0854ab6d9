//! Reads which tools there are and which must be called.

use canonical::{Fault, Losses, Tool, ToolChoice};
use serde_json::Value;

use crate::{fields::Fields, openai_responses::namespace};

/// Reads a declaration that stands at `place`, of one function or of a whole namespace. Tools that run at OpenAI
/// are noted as lost.
pub(super) fn read(
    declaration: Value,
    place: &str,
    tools: &mut Vec<Tool>,
    losses: &mut Losses,
) -> Result<(), Fault> {
    let mut fields = Fields::of(declaration, place)?;
    match fields.required_string("type")?.as_str() {
        kind @ ("function" | "custom") => tools.push(tool(kind, fields, None, losses)?),
        "namespace" => {
            let namespace = fields.required_string("name")?;
            let place = fields.place("tools");
            for (position, declaration) in fields.list("tools")?.into_iter().enumerate() {
                let mut fields = Fields::of(declaration, &format!("{place}[{position}]"))?;
                let kind = fields.required_string("type")?;
                tools.push(tool(&kind, fields, Some(&namespace), losses)?);
            }
            fields.note_rest("tools.namespace", losses);
        }
        other => losses.note(format!("tools.{other}")),
    }
    Ok(())
}

fn tool(
    kind: &str,
    mut fields: Fields,
    namespace: Option<&str>,
    losses: &mut Losses,
) -> Result<Tool, Fault> {
    let name = namespace::joined(namespace, &fields.required_string("name")?);
    let description = fields.string("description")?;
    let tool = match kind {
        "custom" => Tool {
            name,
            description: with_grammar(description, &mut fields, losses)?,
            parameters: None,
            strict: None,
            freeform: true,
        },
        "function" => {
            let parameters = fields.take("parameters");
            if parameters.as_ref().is_some_and(|schema| !schema.is_object()) {
                return Err(fields.wrong("parameters", "an object"));
            }
            let strict = fields.boolean("strict")?;
            Tool { name, description, parameters, strict, freeform: false }
        }
        _ => return Err(fields.wrong("type", "function or custom")),
    };
    fields.note_rest("tools", losses);
    Ok(tool)
}

/// Tells the model of the grammar that its text is to fit, since no other dialect can hold it to one.
fn with_grammar(
    description: Option<String>,
    fields: &mut Fields,
    losses: &mut Losses,
) -> Result<Option<String>, Fault> {
    let Some(mut format) = fields.object("format")? else { return Ok(description) };
    if format.required_string("type")? != "grammar" {
        return Ok(description);
    }
    losses.note("tools.format");
    let syntax = format.string("syntax")?.unwrap_or_else(|| "given".to_owned());
    let definition = format.required_string("definition")?;
    let grammar = format!("`input` has to fit this {syntax} grammar:\n{definition}");
    Ok(Some(match description {
        Some(description) => format!("{description}\n\n{grammar}"),
        None => grammar,
    }))
}

/// Reads `tool_choice`. A choice among some tools takes the others away.
pub(super) fn choice(
    fields: &mut Fields,
    tools: &mut Vec<Tool>,
    losses: &mut Losses,
) -> Result<Option<ToolChoice>, Fault> {
    let mode = match fields.take("tool_choice") {
        None => return Ok(None),
        Some(Value::String(mode)) => mode,
        Some(choice @ Value::Object(_)) => {
            let mut choice = Fields::of(choice, "tool_choice")?;
            match choice.required_string("type")?.as_str() {
                "function" | "custom" => return name(&mut choice).map(ToolChoice::Tool).map(Some),
                "allowed_tools" => {
                    keep_allowed(&mut choice, tools)?;
                    choice.required_string("mode")?
                }
                _ => {
                    losses.note("tool_choice");
                    return Ok(None);
                }
            }
        }
        Some(_) => return Err(fields.wrong("tool_choice", "a string or an object")),
    };
    match mode.as_str() {
        "auto" => Ok(Some(ToolChoice::Auto)),
        "none" => Ok(Some(ToolChoice::None)),
        "required" => Ok(Some(ToolChoice::Required)),
        _ => Err(fields.wrong("tool_choice", "auto, none, required or an object that names tools")),
    }
}

fn name(choice: &mut Fields) -> Result<String, Fault> {
    let namespace = choice.string("namespace")?;
    Ok(namespace::joined(namespace.as_deref(), &choice.required_string("name")?))
}

fn keep_allowed(choice: &mut Fields, tools: &mut Vec<Tool>) -> Result<(), Fault> {
    let mut allowed = Vec::new();
    for (position, tool) in choice.list("tools")?.into_iter().enumerate() {
        let mut tool = Fields::of(tool, &format!("tool_choice.tools[{position}]"))?;
        if tool.has("name") {
            allowed.push(name(&mut tool)?);
        }
    }
    tools.retain(|tool| allowed.contains(&tool.name));
    Ok(())
}
