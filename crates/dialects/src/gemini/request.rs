//! Writes a request as the body of `generateContent`.

use canonical::{
    Dialect, Effort, Losses, OutputFormat, ReasoningControl, Request, Sampling, Tool, ToolChoice,
};
use serde_json::{Value, json};

use super::{content::Conversation, resource};
use crate::{freeform::as_function, object::object, openai_chat::request::add_extras};

/// The most stop texts that the provider takes.
const MOST_STOPS: usize = 5;

/// Writes the request; what the dialect cannot say is noted in `losses`. The model's id and whether to
/// stream are in the target.
pub(super) fn encode(request: &Request, losses: &mut Losses) -> Vec<u8> {
    body(request, losses).to_string().into_bytes()
}

/// Writes what of the request bears on its count, which names the model once more.
pub(super) fn encode_count(request: &Request, losses: &mut Losses) -> Vec<u8> {
    let mut whole = body(request, losses);
    if let Some(members) = whole.as_object_mut() {
        members.insert("model".to_owned(), json!(resource(&request.model)));
    }
    json!({ "generateContentRequest": whole }).to_string().into_bytes()
}

fn body(request: &Request, losses: &mut Losses) -> Value {
    let conversation = Conversation::of(request, losses);
    let system = nonempty(json!(conversation.system));
    let system = if system.is_null() { system } else { json!({"parts": system}) };
    if request.parallel_tool_calls == Some(false) {
        losses.note("parallel_tool_calls");
    }
    let mut body = object([
        ("systemInstruction", system),
        ("contents", conversation.into_contents()),
        ("tools", tools(&request.tools, losses)),
        ("toolConfig", tool_config(request, losses)),
        ("generationConfig", generation_config(request, losses)),
    ]);
    add_extras(request, Dialect::Gemini, &mut body, losses);
    body
}

/// Declares the tools, with their schemas as plain JSON Schema instead of the provider's subset of OpenAPI.
fn tools(tools: &[Tool], losses: &mut Losses) -> Value {
    if tools.is_empty() {
        return Value::Null;
    }
    if tools.iter().any(|tool| tool.strict == Some(true)) {
        losses.note("tools.strict");
    }
    let declaration = |tool: &Tool| {
        let tool = as_function(tool);
        object([
            ("name", json!(tool.name)),
            ("description", json!(tool.description)),
            ("parametersJsonSchema", json!(tool.parameters)),
        ])
    };
    json!([{"functionDeclarations": tools.iter().map(declaration).collect::<Value>()}])
}

/// Says which tool to call. Without tools only a wish that can't be granted is noted.
fn tool_config(request: &Request, losses: &mut Losses) -> Value {
    let (mode, names) = match &request.tool_choice {
        None => return Value::Null,
        Some(ToolChoice::Auto) => ("AUTO", Value::Null),
        Some(ToolChoice::None) => ("NONE", Value::Null),
        Some(ToolChoice::Required) => ("ANY", Value::Null),
        Some(ToolChoice::Tool(name)) => ("ANY", json!([name])),
    };
    if !request.tools.is_empty() {
        let config = object([("mode", json!(mode)), ("allowedFunctionNames", names)]);
        return json!({"functionCallingConfig": config});
    }
    if mode == "ANY" {
        losses.note("tool_choice");
    }
    Value::Null
}

fn generation_config(request: &Request, losses: &mut Losses) -> Value {
    let sampling = &request.sampling;
    let (mime, schema) = match &request.output {
        OutputFormat::Text => (Value::Null, Value::Null),
        OutputFormat::Json => (json!("application/json"), Value::Null),
        OutputFormat::JsonSchema { name: _, schema, strict: _ } => {
            (json!("application/json"), schema.clone())
        }
    };
    nonempty(object([
        ("temperature", json!(sampling.temperature)),
        ("topP", json!(sampling.top_p)),
        ("topK", json!(sampling.top_k)),
        ("maxOutputTokens", json!(sampling.max_tokens)),
        ("seed", json!(seed(sampling, losses))),
        ("presencePenalty", json!(sampling.presence_penalty)),
        ("frequencyPenalty", json!(sampling.frequency_penalty)),
        ("candidateCount", json!(sampling.choices)),
        ("responseLogprobs", json!(sampling.logprobs.map(|_| true))),
        ("logprobs", json!(sampling.logprobs.filter(|count| *count > 0))),
        ("stopSequences", stop_sequences(&request.stop, losses)),
        ("responseMimeType", mime),
        ("responseJsonSchema", schema),
        ("thinkingConfig", thinking_config(&request.model, &request.reasoning, losses)),
    ]))
}

/// The provider's seeds have 32 bits; larger ones keep their lower bits, so that equal ones stay equal.
fn seed(sampling: &Sampling, losses: &mut Losses) -> Option<i32> {
    let asked = sampling.seed?;
    if let Ok(seed) = i32::try_from(asked) {
        return Some(seed);
    }
    losses.note("seed");
    let [a, b, c, d, ..] = asked.to_le_bytes();
    Some(i32::from_le_bytes([a, b, c, d]))
}

fn stop_sequences(stop: &[String], losses: &mut Losses) -> Value {
    if stop.len() > MOST_STOPS {
        losses.note("stop");
    }
    nonempty(stop.iter().take(MOST_STOPS).cloned().collect())
}

/// Says how much to think. The provider takes a budget or a level, not both.
fn thinking_config(model: &str, control: &ReasoningControl, losses: &mut Losses) -> Value {
    let (budget, level) = match (control.budget_tokens, control.effort) {
        (Some(budget), effort) => {
            if effort.is_some() {
                losses.note("reasoning.effort");
            }
            (json!(budget), Value::Null)
        }
        (None, None) => (Value::Null, Value::Null),
        (None, Some(effort)) if takes_budgets_alone(model) => {
            (json!(budget_tokens(effort, losses)), Value::Null)
        }
        (None, Some(effort)) => (Value::Null, json!(level(effort, losses))),
    };
    nonempty(object([
        ("includeThoughts", json!(control.include)),
        ("thinkingBudget", budget),
        ("thinkingLevel", level),
    ]))
}

/// Models up to Gemini 2.5 refuse levels. Source: <https://ai.google.dev/gemini-api/docs/thinking>
fn takes_budgets_alone(model: &str) -> bool {
    let model = model.strip_prefix("models/").unwrap_or(model);
    ["gemini-1", "gemini-2"].iter().any(|generation| model.starts_with(generation))
}

/// The budgets that the provider itself gives to the levels of OpenAI's dialect.
/// Source: <https://ai.google.dev/gemini-api/docs/openai#thinking>
fn budget_tokens(effort: Effort, losses: &mut Losses) -> u64 {
    match effort {
        Effort::None => 0,
        Effort::Minimal | Effort::Low => 1024,
        Effort::Medium => 8192,
        Effort::High => 24_576,
        Effort::ExtraHigh | Effort::Max => {
            losses.note("reasoning.effort");
            24_576
        }
    }
}

/// The provider's word for a level. It has none for no thinking, nor for more than a lot.
fn level(effort: Effort, losses: &mut Losses) -> &'static str {
    match effort {
        Effort::Minimal => "MINIMAL",
        Effort::Low => "LOW",
        Effort::Medium => "MEDIUM",
        Effort::High => "HIGH",
        Effort::None => {
            losses.note("reasoning.effort");
            "MINIMAL"
        }
        Effort::ExtraHigh | Effort::Max => {
            losses.note("reasoning.effort");
            "HIGH"
        }
    }
}

/// Leaves out what holds nothing.
fn nonempty(value: Value) -> Value {
    if value == json!({}) || value == json!([]) { Value::Null } else { value }
}
