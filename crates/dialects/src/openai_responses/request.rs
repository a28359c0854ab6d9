//! Writes a request as the body of `POST /responses`.
//!
//! Nothing is stored at the provider, so thoughts come back sealed and are sent along with the next turn.
//! Source: <https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items>.

use canonical::{
    Dialect, Effort, Losses, OutputFormat, ReasoningControl, Request, Tool, ToolChoice,
};
use serde_json::{Value, json};

use super::input;
use crate::{
    freeform::is_freeform,
    object::object,
    openai_chat::request::{add_extras, parallel_tool_calls, reasoning_effort, user},
};

/// Asks for sealed thoughts.
pub(super) const SEALED_THOUGHTS: &str = "reasoning.encrypted_content";
/// Asks how likely tokens were.
pub(super) const LOGPROBS: &str = "message.output_text.logprobs";

/// Writes the request; what the dialect cannot say is noted in `losses`.
pub(super) fn encode(request: &Request, losses: &mut Losses) -> Vec<u8> {
    note_unsayable(request, losses);
    let sampling = &request.sampling;
    let format = format(&request.output);
    let mut body = object([
        ("model", json!(request.model)),
        ("instructions", input::instructions(request, losses)),
        ("input", input::items(request, losses).into()),
        ("tools", tools(&request.tools)),
        ("tool_choice", tool_choice(request, losses)),
        ("parallel_tool_calls", parallel_tool_calls(request)),
        ("max_output_tokens", json!(sampling.max_tokens)),
        ("temperature", json!(sampling.temperature)),
        ("top_p", json!(sampling.top_p)),
        ("top_logprobs", json!(sampling.logprobs)),
        ("text", if format.is_null() { Value::Null } else { json!({ "format": format }) }),
        ("reasoning", reasoning(&request.reasoning, losses)),
        ("include", include(request)),
        ("safety_identifier", json!(user(request, losses))),
        ("store", json!(false)),
        ("stream", json!(request.stream)),
    ]);
    add_extras(request, Dialect::OpenAiResponses, &mut body, losses);
    body.to_string().into_bytes()
}

fn note_unsayable(request: &Request, losses: &mut Losses) {
    let sampling = &request.sampling;
    for (name, is_set) in [
        ("top_k", sampling.top_k.is_some()),
        ("seed", sampling.seed.is_some()),
        ("presence_penalty", sampling.presence_penalty.is_some()),
        ("frequency_penalty", sampling.frequency_penalty.is_some()),
        ("n", sampling.choices.is_some_and(|choices| choices > 1)),
        ("stop", !request.stop.is_empty()),
    ] {
        if is_set {
            losses.note(name);
        }
    }
}

/// Writes the tools' declarations; null when there are none. A function that doesn't say is held to its schema
/// here, which refuses most schemas, so that it does say.
fn tools(tools: &[Tool]) -> Value {
    let declaration = |tool: &Tool| {
        if tool.freeform {
            return object([
                ("type", json!("custom")),
                ("name", json!(tool.name)),
                ("description", json!(tool.description)),
            ]);
        }
        let nothing = || json!({ "type": "object", "properties": {} });
        object([
            ("type", json!("function")),
            ("name", json!(tool.name)),
            ("description", json!(tool.description)),
            ("parameters", tool.parameters.clone().unwrap_or_else(nothing)),
            ("strict", json!(tool.strict.unwrap_or(false))),
        ])
    };
    if tools.is_empty() { Value::Null } else { tools.iter().map(declaration).collect() }
}

fn tool_choice(request: &Request, losses: &mut Losses) -> Value {
    let choice = match &request.tool_choice {
        None => return Value::Null,
        Some(choice) => choice,
    };
    if !request.tools.is_empty() {
        return choice_json(choice, request);
    }
    match choice {
        ToolChoice::Auto | ToolChoice::None => {}
        ToolChoice::Required | ToolChoice::Tool(_) => losses.note("tool_choice"),
    }
    Value::Null
}

/// Writes which tool must be called.
pub(super) fn choice_json(choice: &ToolChoice, request: &Request) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Tool(name) => {
            let kind = if is_freeform(request, name) { "custom" } else { "function" };
            json!({ "type": kind, "name": name })
        }
    }
}

/// Writes the form of the answer; null where it is text.
pub(super) fn format(output: &OutputFormat) -> Value {
    match output {
        OutputFormat::Text => Value::Null,
        OutputFormat::Json => json!({ "type": "json_object" }),
        OutputFormat::JsonSchema { name, schema, strict } => object([
            ("type", json!("json_schema")),
            ("name", json!(name.as_deref().unwrap_or("answer"))),
            ("schema", schema.clone()),
            ("strict", json!(strict)),
        ]),
    }
}

/// Writes how much to think, and whether the thoughts are summed up.
fn reasoning(reasoning: &ReasoningControl, losses: &mut Losses) -> Value {
    let effort = reasoning_effort(reasoning, losses);
    let summary = reasoning.include.filter(|include| *include).map(|_| "auto");
    if effort.is_none() && summary.is_none() {
        return Value::Null;
    }
    object([("effort", json!(effort)), ("summary", json!(summary))])
}

/// Asks for sealed thoughts where the model is to think; models that can't refuse to hear of it.
fn include(request: &Request) -> Value {
    let ReasoningControl { effort, budget_tokens, include } = request.reasoning;
    let is_off = effort == Some(Effort::None) || budget_tokens == Some(0);
    let thinks = effort.is_some() || budget_tokens.is_some() || include == Some(true);
    let mut wanted = Vec::new();
    if thinks && !is_off {
        wanted.push(SEALED_THOUGHTS);
    }
    if request.sampling.logprobs.is_some() {
        wanted.push(LOGPROBS);
    }
    if wanted.is_empty() { Value::Null } else { json!(wanted) }
}
