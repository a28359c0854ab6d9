//! Reads a caller's `POST /v1/chat/completions`.

use canonical::{
    Dialect, Effort, Fault, Losses, OutputFormat, ReasoningControl, Request, Sampling,
};
use serde_json::Value;

use super::{
    messages::{Conversation, conversation, outdated},
    tools::{tool_choice, tools},
};
use crate::fields::Fields;

/// Reads the request.
pub(super) fn decode(body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
    let mut fields = Fields::parse(body)?;
    for (member, instead) in [("functions", "`tools`"), ("function_call", "`tool_choice`")] {
        if fields.has(member) {
            return Err(outdated(&format!("requests with `{member}`"), instead));
        }
    }
    let mut request = shared(&mut fields, Dialect::OpenAiChat, losses)?;
    let bound = fields.count("max_completion_tokens")?;
    request.sampling.max_tokens = bound.or(request.sampling.max_tokens);
    request.sampling.seed = fields.integer("seed")?;
    request.sampling.logprobs = logprobs(&mut fields, losses)?;
    if let Some(mut options) = fields.object("stream_options")? {
        request.stream_usage = options.boolean("include_usage")?.unwrap_or_default();
        // Padding against listeners on the wire, which changes nothing of the answer.
        options.take("include_obfuscation");
        options.note_rest("stream_options", losses);
    }
    let user = fields.string("user")?;
    request.user = fields.string("safety_identifier")?.or(user);
    // What OpenAI does by default and what no other provider does otherwise.
    say_nothing(&mut fields, "store", |value| value == false);
    say_nothing(&mut fields, "modalities", |value| {
        value.as_array().is_some_and(|forms| forms.iter().all(|form| form == "text"))
    });
    say_nothing(&mut fields, "logit_bias", |value| {
        value.as_object().is_some_and(|biases| biases.is_empty())
    });
    Ok(with_rest(request, fields, Dialect::OpenAiChat))
}

/// Reads what OpenAI and Mistral name alike.
pub(crate) fn shared(
    fields: &mut Fields,
    dialect: Dialect,
    losses: &mut Losses,
) -> Result<Request, Fault> {
    let model = fields.required_string("model")?;
    let Conversation { system, messages } =
        conversation(fields.list("messages")?, dialect, losses)?;
    let mut tools = tools(fields, losses)?;
    let tool_choice = tool_choice(fields, &mut tools)?;
    Ok(Request {
        model,
        system,
        messages,
        tools,
        tool_choice,
        parallel_tool_calls: fields.boolean("parallel_tool_calls")?,
        sampling: Sampling {
            temperature: fields.number("temperature")?,
            top_p: fields.number("top_p")?,
            // No member of OpenAI's own, but most compatible servers have it.
            top_k: fields.count("top_k")?,
            max_tokens: fields.count("max_tokens")?,
            seed: None,
            presence_penalty: fields.number("presence_penalty")?,
            frequency_penalty: fields.number("frequency_penalty")?,
            choices: fields.count("n")?,
            logprobs: None,
        },
        output: response_format(fields, losses)?,
        reasoning: ReasoningControl { effort: effort(fields)?, ..ReasoningControl::default() },
        stop: fields.strings("stop")?,
        stream: fields.boolean("stream")?.unwrap_or_default(),
        stream_usage: false,
        user: None,
        extras: None,
    })
}

/// Keeps what nobody took under the caller's dialect.
pub(crate) fn with_rest(request: Request, fields: Fields, dialect: Dialect) -> Request {
    let rest = fields.rest();
    Request { extras: (!rest.is_empty()).then_some((dialect, rest)), ..request }
}

/// Takes a member away if its value changes nothing.
pub(crate) fn say_nothing(fields: &mut Fields, name: &str, is_nothing: fn(&Value) -> bool) {
    if fields.peek(name).is_some_and(is_nothing) {
        fields.take(name);
    }
}

/// Takes whether likelihoods are wanted, and of how many alternatives.
fn logprobs(fields: &mut Fields, losses: &mut Losses) -> Result<Option<u64>, Fault> {
    let (wanted, top) = (fields.boolean("logprobs")?, fields.count("top_logprobs")?);
    if wanted == Some(true) {
        return Ok(Some(top.unwrap_or(0)));
    }
    if top.is_some_and(|top| top > 0) {
        losses.note("top_logprobs");
    }
    Ok(None)
}

fn response_format(fields: &mut Fields, losses: &mut Losses) -> Result<OutputFormat, Fault> {
    let Some(mut format) = fields.object("response_format")? else { return Ok(OutputFormat::Text) };
    let output = match format.required_string("type")?.as_str() {
        "text" => OutputFormat::Text,
        "json_object" => OutputFormat::Json,
        "json_schema" => {
            let Some(mut described) = format.object("json_schema")? else {
                return Err(format.missing("json_schema"));
            };
            let (name, strict) = (described.string("name")?, described.boolean("strict")?);
            let schema = described.take("schema");
            described.note_rest("response_format", losses);
            match schema {
                Some(schema) => OutputFormat::JsonSchema { name, schema, strict },
                None => OutputFormat::Json,
            }
        }
        _ => return Err(format.wrong("type", "`text`, `json_object` or `json_schema`")),
    };
    format.note_rest("response_format", losses);
    Ok(output)
}

fn effort(fields: &mut Fields) -> Result<Option<Effort>, Fault> {
    let Some(word) = fields.string("reasoning_effort")? else { return Ok(None) };
    Ok(Some(match word.as_str() {
        "none" => Effort::None,
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" => Effort::ExtraHigh,
        "max" => Effort::Max,
        _ => {
            let expected = "`none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`";
            return Err(fields.wrong("reasoning_effort", expected));
        }
    }))
}
