//! Writes a request as the body of `POST /messages`.

use canonical::{Dialect, Fault, Losses, OutputFormat, Request, Sampling, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::{
    message::Conversation,
    schema::fitted,
    thinking::{Bound, Thinking},
};
use crate::{
    Quirks, assembly::malformed, freeform::as_function, json, object::object,
    openai_chat::request::add_extras,
};

/// The longest id of a user.
const LONGEST_USER_CHARS: usize = 256;

/// Writes the request; what the dialect cannot say is noted in `losses`.
pub(super) fn encode(request: &Request, quirks: &Quirks, losses: &mut Losses) -> Vec<u8> {
    body(request, quirks, losses).to_string().into_bytes()
}

/// Writes a request to count tokens: what bears on the answer alone has no place in it, and nothing is lost by that.
pub(super) fn encode_count(request: &Request, losses: &mut Losses) -> Vec<u8> {
    let asked = Request {
        sampling: Sampling::default(),
        stop: Vec::new(),
        stream: false,
        user: None,
        ..request.clone()
    };
    let mut body = body(&asked, &Quirks::COMPATIBLE, losses);
    if let Some(members) = body.as_object_mut() {
        members.shift_remove("max_tokens");
    }
    body.to_string().into_bytes()
}

/// Reads a count of input tokens.
pub(super) fn decode_count(body: &[u8]) -> Result<u64, Fault> {
    let body = json::parse(body).map_err(malformed)?;
    json::count(&body, "input_tokens").ok_or_else(|| malformed("the body is no token count"))
}

fn body(request: &Request, quirks: &Quirks, losses: &mut Losses) -> Value {
    let bound = Bound { asked: request.sampling.max_tokens, largest: quirks.largest_answer_tokens };
    let mut thinking = Thinking::plan(&request.reasoning, quirks.thinking, bound, losses);
    let conversation = Conversation::of(request, losses);
    if conversation.calls_without_thought() {
        thinking.give_up(losses);
    }
    if forces_tool(request) {
        thinking.turn_off(losses);
    }
    let format = output_format(&request.output, losses);
    let stream = if request.stream { json!(true) } else { Value::Null };
    let mut body = object([
        ("model", json!(request.model)),
        ("max_tokens", json!(thinking.max_tokens)),
        ("system", array(conversation.system.clone())),
        ("messages", conversation.into_messages()),
        ("tools", array(request.tools.iter().map(|tool| declaration(tool, losses)).collect())),
        ("tool_choice", tool_choice(request, losses)),
        ("temperature", json!(temperature(request, &thinking, losses))),
        ("top_p", json!(top_p(request, &thinking, losses))),
        ("top_k", json!(top_k(request, &thinking, losses))),
        ("stop_sequences", stop_sequences(&request.stop, losses)),
        ("thinking", thinking.config),
        ("output_config", nonempty(object([("effort", thinking.effort), ("format", format)]))),
        ("stream", stream),
        ("metadata", metadata(request, losses)),
    ]);
    note_unsayable(request, losses);
    add_extras(request, Dialect::Anthropic, &mut body, losses);
    body
}

/// Says whom the caller asks for. The provider takes up to 256 characters.
fn metadata(request: &Request, losses: &mut Losses) -> Value {
    match &request.user {
        Some(user) if user.chars().count() > LONGEST_USER_CHARS => {
            losses.note("user");
            Value::Null
        }
        Some(user) => json!({"user_id": user}),
        None => Value::Null,
    }
}

/// Declares a tool. Its schema has to describe an object.
fn declaration(tool: &Tool, losses: &mut Losses) -> Value {
    let tool = as_function(tool);
    let mut schema = match &tool.parameters {
        Some(Value::Object(schema)) => schema.clone(),
        None => Map::new(),
        Some(_) => {
            losses.note("tools.parameters");
            Map::new()
        }
    };
    schema.entry("type").or_insert(json!("object"));
    let mut schema = Value::Object(schema);
    if tool.strict == Some(true) {
        schema = fitted(&schema, "tools.parameters", losses);
    }
    object([
        ("name", json!(tool.name)),
        ("description", json!(tool.description)),
        ("input_schema", schema),
        ("strict", json!(tool.strict)),
    ])
}

/// Whether the model has to call a tool, which it can't think about: "Thinking may not be enabled when tool_choice
/// forces tool use".
/// Source: <https://docs.claude.com/en/docs/build-with-claude/extended-thinking>
fn forces_tool(request: &Request) -> bool {
    let is_forced = match request.tool_choice {
        Some(ToolChoice::Required | ToolChoice::Tool(_)) => true,
        Some(ToolChoice::Auto | ToolChoice::None) | None => false,
    };
    is_forced && !request.tools.is_empty()
}

/// Says which tool to call, and whether only one. Without tools the provider refuses the member.
fn tool_choice(request: &Request, losses: &mut Losses) -> Value {
    let one_at_a_time = match request.parallel_tool_calls {
        Some(false) => json!(true),
        Some(true) | None => Value::Null,
    };
    let (kind, name) = match &request.tool_choice {
        None if one_at_a_time.is_null() => return Value::Null,
        None | Some(ToolChoice::Auto) => ("auto", Value::Null),
        Some(ToolChoice::None) if request.tools.is_empty() => return Value::Null,
        Some(ToolChoice::None) => return json!({"type": "none"}),
        Some(ToolChoice::Required) => ("any", Value::Null),
        Some(ToolChoice::Tool(name)) => ("tool", json!(name)),
    };
    if request.tools.is_empty() {
        if kind != "auto" {
            losses.note("tool_choice");
        }
        return Value::Null;
    }
    object([("type", json!(kind)), ("name", name), ("disable_parallel_tool_use", one_at_a_time)])
}

/// The provider draws at up to 1, and at nothing but 1 while it thinks.
fn temperature(request: &Request, thinking: &Thinking, losses: &mut Losses) -> Option<f64> {
    let asked = request.sampling.temperature?;
    let taken = if thinking.is_on() { 1.0 } else { asked.min(1.0) };
    if taken != asked {
        losses.note("temperature");
    }
    Some(taken)
}

/// The provider takes 0.95 and more while it thinks.
fn top_p(request: &Request, thinking: &Thinking, losses: &mut Losses) -> Option<f64> {
    let asked = request.sampling.top_p?;
    if thinking.is_on() && asked < 0.95 {
        losses.note("top_p");
        return None;
    }
    Some(asked)
}

/// The provider takes no such bound while it thinks.
fn top_k(request: &Request, thinking: &Thinking, losses: &mut Losses) -> Option<u64> {
    let asked = request.sampling.top_k?;
    if thinking.is_on() {
        losses.note("top_k");
        return None;
    }
    Some(asked)
}

/// The provider refuses stop texts of nothing but white space.
fn stop_sequences(stop: &[String], losses: &mut Losses) -> Value {
    let taken: Vec<_> = stop.iter().filter(|text| !text.trim().is_empty()).collect();
    if taken.len() < stop.len() {
        losses.note("stop");
    }
    if taken.is_empty() { Value::Null } else { json!(taken) }
}

fn output_format(output: &OutputFormat, losses: &mut Losses) -> Value {
    match output {
        OutputFormat::Text => Value::Null,
        OutputFormat::Json => {
            losses.note("response_format");
            Value::Null
        }
        OutputFormat::JsonSchema { name: _, schema, strict: _ } => {
            let schema = fitted(schema, "response_format.schema", losses);
            json!({"type": "json_schema", "schema": schema})
        }
    }
}

/// Notes the members that have no place in the dialect.
fn note_unsayable(request: &Request, losses: &mut Losses) {
    let sampling = &request.sampling;
    for (present, member) in [
        (sampling.seed.is_some(), "seed"),
        (sampling.presence_penalty.is_some(), "presence_penalty"),
        (sampling.frequency_penalty.is_some(), "frequency_penalty"),
        (sampling.choices.is_some_and(|choices| choices != 1), "n"),
        (sampling.logprobs.is_some(), "logprobs"),
    ] {
        if present {
            losses.note(member);
        }
    }
}

fn array(values: Vec<Value>) -> Value {
    if values.is_empty() { Value::Null } else { Value::Array(values) }
}

fn nonempty(object: Value) -> Value {
    if object == json!({}) { Value::Null } else { object }
}
