//! Writes a request as the body of `POST /chat/completions`.
//!
//! An unknown member is answered with 422, so nothing is written that the specification doesn't name.

use canonical::{
    Dialect, Effort, Losses, Media, MediaKind, Reasoning, ReasoningControl, Request, Sampling, Tool,
};
use serde_json::{Value, json};

use super::{tool_id, turn_order::ordered};
use crate::{
    chat_messages::{AssistantMessage, Style, media_url, messages},
    object::object,
    openai_chat::request::{
        add_extras, parallel_tool_calls, response_format, tool_choice, tools, with_parameters,
    },
};

/// The highest temperature that the provider takes.
const HIGHEST_TEMPERATURE: f64 = 1.5;

/// Writes the request; what the dialect cannot say is noted in `losses`.
pub(super) fn encode(request: &Request, losses: &mut Losses) -> Vec<u8> {
    let sampling = &request.sampling;
    for (member, value) in [("top_k", sampling.top_k), ("logprobs", sampling.logprobs)] {
        if value.is_some() {
            losses.note(member);
        }
    }
    if request.user.is_some() {
        losses.note("user");
    }
    let declared: Vec<Tool> = request.tools.iter().map(with_parameters).collect();
    let mut body = object([
        ("model", json!(request.model)),
        ("messages", ordered(messages(&STYLE, request, losses), losses).into()),
        ("tools", tools(&declared)),
        ("tool_choice", tool_choice(request, losses)),
        ("parallel_tool_calls", parallel_tool_calls(request)),
        ("max_tokens", json!(sampling.max_tokens)),
        ("temperature", json!(temperature(sampling, losses))),
        ("top_p", json!(sampling.top_p)),
        // Seeds below zero are refused.
        ("random_seed", json!(sampling.seed.map(i64::unsigned_abs))),
        ("presence_penalty", json!(sampling.presence_penalty)),
        ("frequency_penalty", json!(sampling.frequency_penalty)),
        ("n", json!(sampling.choices)),
        ("stop", if request.stop.is_empty() { Value::Null } else { json!(request.stop) }),
        ("response_format", response_format(&request.output)),
        ("reasoning_effort", json!(reasoning_effort(&request.reasoning, losses))),
        ("stream", json!(request.stream)),
    ]);
    add_extras(request, Dialect::Mistral, &mut body, losses);
    body.to_string().into_bytes()
}

fn temperature(sampling: &Sampling, losses: &mut Losses) -> Option<f64> {
    if sampling.temperature? > HIGHEST_TEMPERATURE {
        losses.note("temperature");
        return Some(HIGHEST_TEMPERATURE);
    }
    sampling.temperature
}

/// Writes whether to think; the provider knows `none` and `high` alone.
fn reasoning_effort(reasoning: &ReasoningControl, losses: &mut Losses) -> Option<&'static str> {
    if reasoning.include.is_some() {
        losses.note("reasoning.include");
    }
    if reasoning.budget_tokens.is_some_and(|budget| budget > 0) {
        losses.note("reasoning.budget_tokens");
    }
    match (reasoning.effort, reasoning.budget_tokens) {
        (Some(Effort::None), _) | (None, Some(0)) => Some("none"),
        (Some(Effort::High), _) => Some("high"),
        (
            Some(Effort::Minimal | Effort::Low | Effort::Medium | Effort::ExtraHigh | Effort::Max),
            _,
        ) => {
            losses.note("reasoning.effort");
            Some("high")
        }
        (None, _) => None,
    }
}

/// Mistral's way with messages.
const STYLE: Style = Style {
    dialect: Dialect::Mistral,
    tool_id: tool_id::nine,
    media,
    results_hold_media: true,
    reasoning,
};

fn media(media: &Media) -> Option<Value> {
    let url = media_url(media);
    Some(match media.kind {
        MediaKind::Image => {
            let image = object([("url", json!(url)), ("detail", json!(media.detail))]);
            json!({ "type": "image_url", "image_url": image })
        }
        MediaKind::Document => object([
            ("type", json!("document_url")),
            ("document_url", json!(url)),
            ("document_name", json!(media.name)),
        ]),
        MediaKind::Audio => json!({ "type": "input_audio", "input_audio": url }),
    })
}

fn reasoning(reasoning: &Reasoning, message: &mut AssistantMessage, losses: &mut Losses) {
    if reasoning.seal.is_some() {
        // Thoughts with a seal are another provider's; Mistral makes none.
        losses.note("messages.reasoning");
        return;
    }
    let thoughts = json!([{ "type": "text", "text": reasoning.text }]);
    message.content.push(json!({ "type": "thinking", "thinking": thoughts }));
}
