//! Writes a request as the body of `POST /chat/completions`.

use canonical::{
    Dialect, Effort, Losses, Media, MediaKind, MediaSource, OutputFormat, Reasoning,
    ReasoningControl, Request, Tool, ToolChoice,
};
use serde_json::{Map, Value, json};

use crate::{
    Quirks,
    chat_messages::{AssistantMessage, Style, media_url, messages},
    freeform::as_function,
    object::object,
    tool_ids,
};

/// The members that servers write thoughts into. OpenAI's own API has neither and refuses both, so the one
/// that thoughts came in is kept as their seal and they go back in it.
pub(crate) const REASONING_MEMBERS: [&str; 2] = ["reasoning_content", "reasoning"];

/// Writes the request; what the dialect cannot say is noted in `losses`.
pub(super) fn encode(request: &Request, quirks: &Quirks, losses: &mut Losses) -> Vec<u8> {
    let sampling = &request.sampling;
    if sampling.top_k.is_some() {
        losses.note("top_k");
    }
    let include_usage = request.stream && quirks.stream_usage;
    let mut body = object([
        ("model", json!(request.model)),
        ("messages", messages(&STYLE, request, losses).into()),
        ("tools", tools(&request.tools)),
        ("tool_choice", tool_choice(request, losses)),
        ("parallel_tool_calls", parallel_tool_calls(request)),
        (quirks.max_tokens_member, json!(sampling.max_tokens)),
        ("temperature", json!(sampling.temperature)),
        ("top_p", json!(sampling.top_p)),
        ("seed", json!(sampling.seed)),
        ("presence_penalty", json!(sampling.presence_penalty)),
        ("frequency_penalty", json!(sampling.frequency_penalty)),
        ("n", json!(sampling.choices)),
        ("logprobs", json!(sampling.logprobs.map(|_| true))),
        ("top_logprobs", json!(sampling.logprobs.filter(|count| *count > 0))),
        ("stop", if request.stop.is_empty() { Value::Null } else { json!(request.stop) }),
        ("response_format", response_format(&request.output)),
        ("reasoning_effort", json!(effort(&request.reasoning, losses))),
        ("user", json!(user(request, losses))),
        ("stream", json!(request.stream)),
        ("stream_options", json!(include_usage.then(|| json!({ "include_usage": true })))),
    ]);
    add_extras(request, Dialect::OpenAiChat, &mut body, losses);
    body.to_string().into_bytes()
}

/// Writes the tools' declarations; null when there are none, since some servers refuse an empty list.
pub(crate) fn tools(tools: &[Tool]) -> Value {
    if tools.is_empty() {
        return Value::Null;
    }
    let declaration = |tool: &Tool| {
        let tool = as_function(tool);
        let function = object([
            ("name", json!(tool.name)),
            ("description", json!(tool.description)),
            ("parameters", json!(tool.parameters)),
            ("strict", json!(tool.strict)),
        ]);
        json!({ "type": "function", "function": function })
    };
    tools.iter().map(declaration).collect()
}

/// Gives a tool without parameters the schema that says so, for dialects that require the member.
pub(crate) fn with_parameters(tool: &Tool) -> Tool {
    let nothing = || json!({ "type": "object", "properties": {} });
    let tool = as_function(tool).into_owned();
    Tool { parameters: tool.parameters.or_else(|| Some(nothing())), ..tool }
}

/// Writes which tool must be called. Without tools only a wish that can't be granted is noted.
pub(crate) fn tool_choice(request: &Request, losses: &mut Losses) -> Value {
    let Some(choice) = &request.tool_choice else { return Value::Null };
    let value = match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Tool(name) => json!({ "type": "function", "function": { "name": name } }),
    };
    if !request.tools.is_empty() {
        return value;
    }
    match choice {
        ToolChoice::Auto | ToolChoice::None => {}
        ToolChoice::Required | ToolChoice::Tool(_) => losses.note("tool_choice"),
    }
    Value::Null
}

/// Writes whether tools may be called side by side, which providers refuse to hear without tools.
pub(crate) fn parallel_tool_calls(request: &Request) -> Value {
    json!(request.parallel_tool_calls.filter(|_| !request.tools.is_empty()))
}

/// Writes the form of the answer.
pub(crate) fn response_format(output: &OutputFormat) -> Value {
    match output {
        OutputFormat::Text => Value::Null,
        OutputFormat::Json => json!({ "type": "json_object" }),
        OutputFormat::JsonSchema { name, schema, strict } => {
            let schema = object([
                ("name", json!(name.as_deref().unwrap_or("answer"))),
                ("schema", schema.clone()),
                ("strict", json!(strict)),
            ]);
            json!({ "type": "json_schema", "json_schema": schema })
        }
    }
}

/// Adds members that came in this dialect and have no canonical name; those of another are noted.
pub(crate) fn add_extras(
    request: &Request,
    dialect: Dialect,
    body: &mut Value,
    losses: &mut Losses,
) {
    add_members(request.extras.as_ref(), dialect, body, losses);
}

/// Adds such members of any request.
pub(crate) fn add_members(
    extras: Option<&(Dialect, Map<String, Value>)>,
    dialect: Dialect,
    body: &mut Value,
    losses: &mut Losses,
) {
    let Some((origin, extras)) = extras else { return };
    for (name, value) in extras {
        match body.as_object_mut().map(|members| members.entry(name)) {
            Some(serde_json::map::Entry::Vacant(entry)) if *origin == dialect => {
                entry.insert(value.clone());
            }
            Some(_) | None => losses.note(name),
        }
    }
}

/// Writes how much to think; there is no switch that shows thoughts.
fn effort(reasoning: &ReasoningControl, losses: &mut Losses) -> Option<&'static str> {
    if reasoning.include.is_some() {
        losses.note("reasoning.include");
    }
    // Only some models can be told not to think, and those that never do refuse the member.
    let level = reasoning_effort(reasoning, losses);
    if level == Some(effort_name(Effort::None)) {
        losses.note("reasoning.effort");
    }
    level.filter(|level| *level != effort_name(Effort::None))
}

/// The longest id of a user that OpenAI takes.
const LONGEST_USER_CHARS: usize = 64;

/// Whom the caller asks for, unless the id is one that the provider would refuse.
pub(crate) fn user<'a>(request: &'a Request, losses: &mut Losses) -> Option<&'a str> {
    let user = request.user.as_deref()?;
    let fits = user.chars().count() <= LONGEST_USER_CHARS;
    if !fits {
        losses.note("user");
    }
    Some(user).filter(|_| fits)
}

/// Writes how much to think; there are levels but no budgets.
pub(crate) fn reasoning_effort(
    reasoning: &ReasoningControl,
    losses: &mut Losses,
) -> Option<&'static str> {
    let effort = match (reasoning.effort, reasoning.budget_tokens) {
        (None, Some(0)) => Some(Effort::None),
        (effort, budget) => {
            if budget.is_some() {
                losses.note("reasoning.budget_tokens");
            }
            effort
        }
    };
    effort.map(effort_name)
}

/// The name of a level.
pub(crate) fn effort_name(effort: Effort) -> &'static str {
    match effort {
        Effort::None => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::ExtraHigh => "xhigh",
        Effort::Max => "max",
    }
}

/// OpenAI's way with messages.
const STYLE: Style = Style {
    dialect: Dialect::OpenAiChat,
    tool_id: tool_ids::keep,
    media,
    results_hold_media: false,
    reasoning,
};

fn media(media: &Media) -> Option<Value> {
    match (media.kind, &media.source) {
        (MediaKind::Image, _) => {
            let image = object([("url", json!(media_url(media))), ("detail", json!(media.detail))]);
            Some(json!({ "type": "image_url", "image_url": image }))
        }
        (MediaKind::Document, MediaSource::Base64(_)) => {
            let name = media.name.as_deref().unwrap_or("document.pdf");
            let file = json!({ "filename": name, "file_data": media_url(media) });
            Some(json!({ "type": "file", "file": file }))
        }
        (MediaKind::Audio, MediaSource::Base64(data)) => {
            let audio = json!({ "data": data, "format": audio_format(media.mime.as_deref()) });
            Some(json!({ "type": "input_audio", "input_audio": audio }))
        }
        (MediaKind::Document | MediaKind::Audio, MediaSource::Url(_)) => None,
    }
}

fn reasoning(reasoning: &Reasoning, message: &mut AssistantMessage, losses: &mut Losses) {
    let own = reasoning.seal.as_ref().filter(|seal| seal.dialect == STYLE.dialect);
    let member =
        own.and_then(|seal| REASONING_MEMBERS.into_iter().find(|member| *member == seal.data));
    let Some(member) = member else {
        losses.note("messages.reasoning");
        return;
    };
    let said = message.members.get(member).and_then(Value::as_str).unwrap_or_default();
    let thoughts = format!("{said}{}", reasoning.text);
    message.members.insert(member.to_owned(), thoughts.into());
}

/// The name that OpenAI has for a sound's media type.
fn audio_format(mime: Option<&str>) -> &str {
    match mime.and_then(|mime| mime.strip_prefix("audio/")) {
        Some("mpeg") => "mp3",
        Some("x-wav" | "wave") | None => "wav",
        Some(format) => format,
    }
}
