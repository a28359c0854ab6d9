//! Reads a caller's `tools` and `tool_choice`.

use canonical::{Fault, Losses, Tool, ToolChoice};
use serde_json::Value;

use crate::fields::Fields;

/// Reads the tools. Those with a type of their own run at Anthropic, or have a schema that only its models know.
pub(super) fn tools(values: Vec<Value>, losses: &mut Losses) -> Result<Vec<Tool>, Fault> {
    let mut tools = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let mut fields = Fields::of(value, &format!("tools[{index}]"))?;
        match fields.string("type")?.as_deref() {
            None | Some("custom") => tools.push(custom(fields, losses)?),
            Some(kind) => losses.note(format!("tools.{kind}")),
        }
    }
    Ok(tools)
}

fn custom(mut fields: Fields, losses: &mut Losses) -> Result<Tool, Fault> {
    let tool = Tool {
        name: fields.required_string("name")?,
        description: fields.string("description")?,
        parameters: fields.take("input_schema"),
        strict: fields.boolean("strict")?,
        freeform: false,
    };
    fields.note_rest("tools", losses);
    Ok(tool)
}

/// Which tool to call, and whether several may be called in one turn.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Choice {
    pub(super) tool: Option<ToolChoice>,
    pub(super) parallel: Option<bool>,
}

/// Reads which of `tools` to call. A choice that no tool is left for is noted.
pub(super) fn choice(
    fields: Option<Fields>,
    tools: &[Tool],
    losses: &mut Losses,
) -> Result<Choice, Fault> {
    let Some(mut fields) = fields else { return Ok(Choice::default()) };
    let tool = match fields.required_string("type")?.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Tool(fields.required_string("name")?),
        _ => return Err(fields.wrong("type", "auto, any, tool or none")),
    };
    let parallel = fields.boolean("disable_parallel_tool_use")?.map(|disabled| !disabled);
    fields.note_rest("tool_choice", losses);
    let can_be_met = match &tool {
        ToolChoice::Auto | ToolChoice::None => true,
        ToolChoice::Required => !tools.is_empty(),
        ToolChoice::Tool(name) => tools.iter().any(|tool| tool.name == *name),
    };
    if !can_be_met {
        losses.note("tool_choice");
    }
    Ok(Choice { tool: can_be_met.then_some(tool), parallel })
}
