//! Reads the body of `POST /v1/responses`.
//!
//! Nothing is kept between requests, so what needs something kept is refused, with what to do instead.

use canonical::{
    Dialect, Effort, Fault, Losses, OutputFormat, Part, ReasoningControl, Request, Sampling,
};

use super::{input, tools};
use crate::{
    fields::{Fields, invalid},
    openai_responses::request::{LOGPROBS, SEALED_THOUGHTS},
};

/// Reads the request.
pub(super) fn decode(body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
    let mut fields = Fields::parse(body)?;
    refuse_stored(&mut fields)?;
    note_unkept(&mut fields, losses)?;
    let wants_logprobs = include(&mut fields, losses)?;
    let mut request = Request {
        model: fields.required_string("model")?,
        system: fields
            .string("instructions")?
            .filter(|text| !text.is_empty())
            .map(Part::text)
            .into_iter()
            .collect(),
        parallel_tool_calls: fields.boolean("parallel_tool_calls")?,
        sampling: sampling(&mut fields, wants_logprobs)?,
        output: output(&mut fields, losses)?,
        reasoning: reasoning(&mut fields, losses)?,
        stream: fields.boolean("stream")?.unwrap_or(false),
        user: user(&mut fields)?,
        ..Request::default()
    };
    let input = input::read(&mut fields, losses)?;
    request.messages = input.messages;
    let declared = fields.list("tools")?.into_iter().enumerate();
    let declared = declared.map(|(position, tool)| (tool, format!("tools[{position}]")));
    for (tool, place) in declared.chain(input.tools) {
        tools::read(tool, &place, &mut request.tools, losses)?;
    }
    request.tool_choice = tools::choice(&mut fields, &mut request.tools, losses)?;
    let rest = fields.rest();
    request.extras = (!rest.is_empty()).then_some((Dialect::OpenAiResponses, rest));
    Ok(request)
}

/// Refuses what needs state that we don't keep.
fn refuse_stored(fields: &mut Fields) -> Result<(), Fault> {
    for (name, instead) in [
        ("previous_response_id", "send the whole conversation in `input`"),
        ("conversation", "send the whole conversation in `input`"),
        ("prompt", "send the prompt's own text in `instructions` and `input`"),
    ] {
        if fields.has(name) {
            return Err(invalid(format!(
                "`{name}` needs stored state, and nothing is stored here: {instead}"
            )));
        }
    }
    if fields.boolean("background")? == Some(true) {
        return Err(invalid(
            "`background` needs stored state, and nothing is stored here: wait for the answer, or stream it",
        ));
    }
    Ok(())
}

/// Notes wishes that nobody grants. What merely spells out the default is none.
fn note_unkept(fields: &mut Fields, losses: &mut Losses) -> Result<(), Fault> {
    if fields.boolean("store")? == Some(true) {
        losses.note("store");
    }
    if fields.string("truncation")?.is_some_and(|truncation| truncation != "disabled") {
        losses.note("truncation");
    }
    match fields.take("service_tier") {
        Some(tier) if tier != "auto" && tier != "default" => losses.note("service_tier"),
        Some(_) | None => {}
    }
    if let Some(mut options) = fields.object("stream_options")? {
        if options.boolean("include_obfuscation")? == Some(true) {
            losses.note("stream_options.include_obfuscation");
        }
        options.note_rest("stream_options", losses);
    }
    Ok(())
}

/// Reads what else the answer is to hold; returns whether that is how likely its tokens were. Sealed thoughts
/// always come along.
fn include(fields: &mut Fields, losses: &mut Losses) -> Result<bool, Fault> {
    let mut wants_logprobs = false;
    for wanted in fields.strings("include")? {
        match wanted.as_str() {
            SEALED_THOUGHTS => {}
            LOGPROBS => wants_logprobs = true,
            other => losses.note(format!("include.{other}")),
        }
    }
    Ok(wants_logprobs)
}

fn sampling(fields: &mut Fields, wants_logprobs: bool) -> Result<Sampling, Fault> {
    let top_logprobs = fields.count("top_logprobs")?;
    let logprobs = if wants_logprobs {
        Some(top_logprobs.unwrap_or(0))
    } else {
        top_logprobs.filter(|count| *count > 0)
    };
    Ok(Sampling {
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        max_tokens: fields.count("max_output_tokens")?,
        logprobs,
        ..Sampling::default()
    })
}

fn output(fields: &mut Fields, losses: &mut Losses) -> Result<OutputFormat, Fault> {
    let Some(mut text) = fields.object("text")? else { return Ok(OutputFormat::Text) };
    let format = text.object("format")?;
    text.note_rest("text", losses);
    let Some(mut format) = format else { return Ok(OutputFormat::Text) };
    let output = match format.required_string("type")?.as_str() {
        "text" => OutputFormat::Text,
        "json_object" => OutputFormat::Json,
        "json_schema" => OutputFormat::JsonSchema {
            name: format.string("name")?,
            schema: format.take("schema").ok_or_else(|| format.missing("schema"))?,
            strict: format.boolean("strict")?,
        },
        _ => return Err(format.wrong("type", "text, json_object or json_schema")),
    };
    format.note_rest("text.format", losses);
    Ok(output)
}

/// Reads how much to think. A summary of any length shows thoughts.
fn reasoning(fields: &mut Fields, losses: &mut Losses) -> Result<ReasoningControl, Fault> {
    let Some(mut reasoning) = fields.object("reasoning")? else {
        return Ok(ReasoningControl::default());
    };
    let effort = match reasoning.string("effort")?.as_deref() {
        None => None,
        Some("none") => Some(Effort::None),
        Some("minimal") => Some(Effort::Minimal),
        Some("low") => Some(Effort::Low),
        Some("medium") => Some(Effort::Medium),
        Some("high") => Some(Effort::High),
        Some("xhigh") => Some(Effort::ExtraHigh),
        Some("max") => Some(Effort::Max),
        Some(_) => {
            let levels = "none, minimal, low, medium, high, xhigh or max";
            return Err(reasoning.wrong("effort", levels));
        }
    };
    let (summary, older) = (reasoning.string("summary")?, reasoning.string("generate_summary")?);
    let include = match summary.or(older).as_deref() {
        None => None,
        Some("none") => Some(false),
        Some("auto") => Some(true),
        Some(_) => {
            losses.note("reasoning.summary");
            Some(true)
        }
    };
    reasoning.note_rest("reasoning", losses);
    Ok(ReasoningControl { effort, budget_tokens: None, include })
}

/// Reads whom the caller asks for, by either of its names.
fn user(fields: &mut Fields) -> Result<Option<String>, Fault> {
    let older = fields.string("user")?;
    Ok(fields.string("safety_identifier")?.or(older))
}
