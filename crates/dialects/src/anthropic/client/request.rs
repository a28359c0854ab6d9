//! Reads a request to `POST /v1/messages` or to count its tokens.

use canonical::{
    Dialect, Effort, Fault, Losses, OutputFormat, ReasoningControl, Request, Sampling,
};

use super::{message, tools};
use crate::fields::Fields;

/// Reads a request for an answer, which has to say how long the answer may be.
pub(super) fn chat(body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
    let fields = Fields::parse(body)?;
    if !fields.has("max_tokens") {
        return Err(fields.missing("max_tokens"));
    }
    read(fields, losses)
}

/// Reads a request to count tokens.
pub(super) fn count(body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
    read(Fields::parse(body)?, losses)
}

fn read(mut fields: Fields, losses: &mut Losses) -> Result<Request, Fault> {
    let model = fields.required_string("model")?;
    let system = fields.take("system").map(|value| message::system(value, losses)).transpose()?;
    if !fields.has("messages") {
        return Err(fields.missing("messages"));
    }
    let messages = message::messages(fields.list("messages")?, losses)?;
    let tools = tools::tools(fields.list("tools")?, losses)?;
    let choice = tools::choice(fields.object("tool_choice")?, &tools, losses)?;
    let (effort, output) = output_config(&mut fields, losses)?;
    let mut request = Request {
        model,
        system: system.unwrap_or_default(),
        messages,
        tools,
        tool_choice: choice.tool,
        parallel_tool_calls: choice.parallel,
        sampling: sampling(&mut fields)?,
        output,
        reasoning: reasoning(&mut fields, effort, losses)?,
        stop: fields.strings("stop_sequences")?,
        stream: fields.boolean("stream")?.unwrap_or_default(),
        stream_usage: true,
        user: user(&mut fields, losses)?,
        extras: None,
    };
    let rest = fields.rest();
    request.extras = (!rest.is_empty()).then_some((Dialect::Anthropic, rest));
    Ok(request)
}

fn sampling(fields: &mut Fields) -> Result<Sampling, Fault> {
    Ok(Sampling {
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: fields.count("top_k")?,
        max_tokens: fields.count("max_tokens")?,
        ..Sampling::default()
    })
}

/// Reads whom the caller asks for.
fn user(fields: &mut Fields, losses: &mut Losses) -> Result<Option<String>, Fault> {
    let Some(mut metadata) = fields.object("metadata")? else { return Ok(None) };
    let user = metadata.string("user_id")?;
    metadata.note_rest("metadata", losses);
    Ok(user)
}

/// Reads `output_config`, and `output_format` in which its format stood before.
fn output_config(
    fields: &mut Fields,
    losses: &mut Losses,
) -> Result<(Option<Effort>, OutputFormat), Fault> {
    let mut format = fields.object("output_format")?;
    let mut effort = None;
    if let Some(mut config) = fields.object("output_config")? {
        effort = match config.string("effort")?.as_deref() {
            Some("low") => Some(Effort::Low),
            Some("medium") => Some(Effort::Medium),
            Some("high") => Some(Effort::High),
            Some("xhigh") => Some(Effort::ExtraHigh),
            Some("max") => Some(Effort::Max),
            Some(_) => return Err(config.wrong("effort", "low, medium, high, xhigh or max")),
            None => None,
        };
        format = config.object("format")?.or(format);
        config.note_rest("output_config", losses);
    }
    let Some(mut format) = format else { return Ok((effort, OutputFormat::Text)) };
    if format.required_string("type")? != "json_schema" {
        return Err(format.wrong("type", "json_schema"));
    }
    let schema = format.take("schema").ok_or_else(|| format.missing("schema"))?;
    format.note_rest("output_config.format", losses);
    Ok((effort, OutputFormat::JsonSchema { name: None, schema, strict: None }))
}

/// Reads how much to think. Thoughts that are asked for are shown, unless the caller says otherwise. Some
/// programs ask for `enabled` without a budget, which leaves it to the provider as `adaptive` does.
fn reasoning(
    fields: &mut Fields,
    effort: Option<Effort>,
    losses: &mut Losses,
) -> Result<ReasoningControl, Fault> {
    let mut control = ReasoningControl { effort, ..ReasoningControl::default() };
    let Some(mut thinking) = fields.object("thinking")? else { return Ok(control) };
    let include = thinking.string("display")?.map(|display| display != "omitted");
    let budget_tokens = thinking.count("budget_tokens")?;
    match thinking.required_string("type")?.as_str() {
        "enabled" | "adaptive" => {
            control.include = include.or(Some(true));
            control.budget_tokens = budget_tokens;
        }
        "disabled" => {
            if effort.is_some() {
                losses.note("output_config.effort");
            }
            control.effort = Some(Effort::None);
        }
        _ => losses.note("thinking"),
    }
    thinking.note_rest("thinking", losses);
    Ok(control)
}
