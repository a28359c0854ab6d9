//! Reads a caller's `tools` and `toolConfig`.

use canonical::{Fault, Losses, Request, Tool, ToolChoice};

use super::{
    schema::json_schema,
    spelling::{object, objects},
};
use crate::fields::Fields;

/// Takes the functions; tools that the provider would run itself are noted.
pub(super) fn take_tools(request: &mut Fields, losses: &mut Losses) -> Result<Vec<Tool>, Fault> {
    let mut tools = Vec::new();
    for (mut group, _) in objects(request, "tools")? {
        for (declaration, _) in objects(&mut group, "functionDeclarations")? {
            tools.push(tool(declaration, losses)?);
        }
        group.note_rest("tools", losses);
    }
    Ok(tools)
}

fn tool(mut declaration: Fields, losses: &mut Losses) -> Result<Tool, Fault> {
    let name = declaration.required_string("name")?;
    let description = declaration.string("description")?;
    let openapi = declaration.take("parameters").map(json_schema);
    let parameters = declaration.take("parametersJsonSchema").or(openapi);
    declaration.note_rest("tools.functionDeclarations", losses);
    Ok(Tool { name, description, parameters, strict: None, freeform: false })
}

/// Takes whether and which function must be called; where several may, the others are taken away.
pub(super) fn take_tool_config(
    fields: &mut Fields,
    request: &mut Request,
    losses: &mut Losses,
) -> Result<(), Fault> {
    let Some(mut config) = object(fields, "toolConfig")? else { return Ok(()) };
    if let Some(mut calling) = object(&mut config, "functionCallingConfig")? {
        let names = calling.strings("allowedFunctionNames")?;
        let mode = calling.string("mode")?.map(|mode| mode.to_ascii_uppercase());
        request.tool_choice = match (mode.as_deref(), names.as_slice()) {
            (None | Some("MODE_UNSPECIFIED"), _) => None,
            (Some("AUTO"), _) => Some(ToolChoice::Auto),
            (Some("NONE"), _) => Some(ToolChoice::None),
            (Some("ANY"), [name]) => Some(ToolChoice::Tool(name.clone())),
            (Some("ANY"), names) => {
                keep(names, &mut request.tools, losses);
                Some(ToolChoice::Required)
            }
            (Some("VALIDATED"), names) => {
                keep(names, &mut request.tools, losses);
                losses.note("toolConfig.functionCallingConfig.mode");
                Some(ToolChoice::Auto)
            }
            (Some(_), _) => {
                return Err(calling.wrong("mode", "`AUTO`, `ANY`, `NONE` or `VALIDATED`"));
            }
        };
        calling.note_rest("toolConfig.functionCallingConfig", losses);
    }
    config.note_rest("toolConfig", losses);
    Ok(())
}

/// Takes away the tools that may not be called.
fn keep(names: &[String], tools: &mut Vec<Tool>, losses: &mut Losses) {
    let all = tools.len();
    tools.retain(|tool| names.is_empty() || names.contains(&tool.name));
    if tools.len() < all {
        losses.note("toolConfig.functionCallingConfig.allowedFunctionNames");
    }
}
