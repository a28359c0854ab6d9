//! The `response` object around the items of an answer, which repeats what was asked.

use std::time::SystemTime;

use canonical::{Effort, FinishReason, Request, Tool, Usage};
use serde_json::{Map, Value, json};

use crate::{
    Echo,
    object::object,
    openai_chat::request::effort_name,
    openai_responses::request::{choice_json, format},
};

/// How far an answer is.
#[derive(Clone, Copy, Debug)]
pub(super) enum State<'a> {
    /// More is to come.
    InProgress,
    /// It ended as the provider said, for this reason.
    Ended(&'a FinishReason),
    /// It will not be complete, for this error.
    Failed(&'a Value),
}

/// What the objects of one answer have in common.
#[derive(Debug)]
pub(super) struct Envelope {
    /// The letters and digits of the answer's own ids.
    pub(super) id: String,
    /// The model as the provider names it, else as the caller did.
    pub(super) model: String,
    created_s: u64,
    repeated: Map<String, Value>,
}

impl Envelope {
    /// Makes the envelope of an answer to `request`.
    pub(super) fn new(request: &Request, echo: &Echo) -> Self {
        let since = echo.created.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            id: echo.id.clone(),
            model: echo.model.clone(),
            created_s: since.as_secs(),
            repeated: repeated(request),
        }
    }

    /// Writes the object with the items that are complete. All members that the SDKs' types ask for are there.
    pub(super) fn write(&self, state: State<'_>, output: &[Value], usage: &Usage) -> Value {
        let (status, error, reason) = match state {
            State::InProgress => ("in_progress", Value::Null, None),
            State::Failed(error) => ("failed", error.clone(), None),
            State::Ended(reason) => match incomplete_reason(reason) {
                Some(reason) => ("incomplete", Value::Null, Some(reason)),
                None => ("completed", Value::Null, None),
            },
        };
        let mut response = json!({
            "id": format!("resp_{}", self.id),
            "object": "response",
            "created_at": self.created_s,
            "status": status,
            "background": false,
            "error": error,
            "incomplete_details": reason.map(|reason| json!({ "reason": reason })),
            "model": self.model,
            "output": output,
            "usage": usage_json(usage),
        });
        if let Some(members) = response.as_object_mut() {
            members.extend(self.repeated.clone());
        }
        response
    }
}

/// Why an answer is not complete, if it isn't.
pub(super) fn incomplete_reason(reason: &FinishReason) -> Option<&'static str> {
    match reason {
        FinishReason::Length => Some("max_output_tokens"),
        FinishReason::ContentFilter => Some("content_filter"),
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::ToolCalls
        | FinishReason::Other(_) => None,
    }
}

/// Writes the counts; null where the provider told none at all.
fn usage_json(usage: &Usage) -> Value {
    if *usage == Usage::default() {
        return Value::Null;
    }
    json!({
        "input_tokens": usage.prompt_tokens().unwrap_or(0),
        "input_tokens_details": {
            "cached_tokens": usage.cache_read_tokens.unwrap_or(0),
            "cache_write_tokens": usage.cache_write_tokens.unwrap_or(0),
        },
        "output_tokens": usage.output_tokens.unwrap_or(0),
        "output_tokens_details": { "reasoning_tokens": usage.reasoning_tokens.unwrap_or(0) },
        "total_tokens": usage.total_tokens().unwrap_or(0),
    })
}

fn repeated(request: &Request) -> Map<String, Value> {
    let extra = |name: &str| request.extras.as_ref().and_then(|(_, extras)| extras.get(name));
    let instructions: Vec<_> = request.system.iter().filter_map(text).collect();
    let format = match format(&request.output) {
        Value::Null => json!({ "type": "text" }),
        format => format,
    };
    let tool_choice = request.tool_choice.as_ref().map(|choice| choice_json(choice, request));
    let summary = request.reasoning.include.filter(|include| *include).map(|_| "auto");
    let effort: Option<Effort> = request.reasoning.effort;
    let repeated = json!({
        "instructions": (!instructions.is_empty()).then(|| instructions.join("\n\n")),
        "max_output_tokens": request.sampling.max_tokens,
        "max_tool_calls": extra("max_tool_calls"),
        "metadata": extra("metadata").cloned().unwrap_or_else(|| json!({})),
        "parallel_tool_calls": request.parallel_tool_calls.unwrap_or(true),
        "previous_response_id": null,
        "prompt_cache_key": extra("prompt_cache_key"),
        "reasoning": { "effort": effort.map(effort_name), "summary": summary },
        "safety_identifier": request.user,
        "service_tier": "default",
        "store": false,
        "temperature": request.sampling.temperature,
        "text": { "format": format },
        "tool_choice": tool_choice.unwrap_or_else(|| json!("auto")),
        "tools": request.tools.iter().map(tool).collect::<Value>(),
        "top_logprobs": request.sampling.logprobs.unwrap_or(0),
        "top_p": request.sampling.top_p,
        "truncation": "disabled",
        "user": null,
    });
    match repeated {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn text(part: &canonical::Part) -> Option<&str> {
    match part {
        canonical::Part::Text { text, .. } => Some(text),
        canonical::Part::Media(_)
        | canonical::Part::ToolCall(_)
        | canonical::Part::ToolResult(_)
        | canonical::Part::Reasoning(_)
        | canonical::Part::Opaque(_) => None,
    }
}

fn tool(tool: &Tool) -> Value {
    if tool.freeform {
        return object([
            ("type", json!("custom")),
            ("name", json!(tool.name)),
            ("description", json!(tool.description)),
            ("format", json!({ "type": "text" })),
        ]);
    }
    // The type of a function insists on all five members, of which three may be null.
    json!({
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    })
}
