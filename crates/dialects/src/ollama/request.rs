//! Writes a request as the body of `POST /api/chat`.

use canonical::{
    Dialect, Effort, Losses, OutputFormat, ReasoningControl, Request, Sampling, Tool, ToolChoice,
};
use serde_json::{Map, Value, json};

use super::{context_window::ContextWindow, messages::messages};
use crate::{
    Quirks,
    object::object,
    openai_chat::request::{tools, with_parameters},
};

/// Writes the request; what the dialect cannot say is noted in `losses`.
pub(super) fn encode(request: &Request, quirks: &Quirks, losses: &mut Losses) -> Vec<u8> {
    if request.sampling.choices.is_some_and(|choices| choices > 1) {
        losses.note("n");
    }
    if request.parallel_tool_calls == Some(false) {
        losses.note("parallel_tool_calls");
    }
    if request.user.is_some() {
        losses.note("user");
    }
    let logprobs = request.sampling.logprobs;
    let window = ContextWindow::fit(request, quirks.largest_context_tokens);
    let mut body = object([
        ("model", json!(request.model)),
        ("messages", messages(request, losses).into()),
        ("tools", callable_tools(request, losses)),
        ("format", format(&request.output)),
        ("options", options(&request.sampling, &request.stop, window.num_ctx)),
        ("think", think(&request.reasoning, losses)),
        ("logprobs", json!(logprobs.map(|_| true))),
        ("top_logprobs", json!(logprobs.filter(|count| *count > 0))),
        ("truncate", json!(window.is_tight.then_some(false))),
        ("keep_alive", json!(quirks.keep_alive_s)),
        // Answers are streamed unless told otherwise.
        ("stream", json!(request.stream)),
    ]);
    add_extras(request, &mut body, losses);
    body.to_string().into_bytes()
}

/// Writes the tools. The model can't be told to call one, but it can be kept from calling any.
fn callable_tools(request: &Request, losses: &mut Losses) -> Value {
    match &request.tool_choice {
        Some(ToolChoice::None) => return Value::Null,
        Some(ToolChoice::Required | ToolChoice::Tool(_)) => losses.note("tool_choice"),
        Some(ToolChoice::Auto) | None => {}
    }
    if request.tools.iter().any(|tool| tool.strict == Some(true)) {
        losses.note("tools.strict");
    }
    let lenient: Vec<Tool> =
        request.tools.iter().map(|tool| Tool { strict: None, ..with_parameters(tool) }).collect();
    tools(&lenient)
}

fn format(output: &OutputFormat) -> Value {
    match output {
        OutputFormat::Text => Value::Null,
        OutputFormat::Json => json!("json"),
        OutputFormat::JsonSchema { schema, .. } => schema.clone(),
    }
}

fn options(sampling: &Sampling, stop: &[String], num_ctx: Option<u64>) -> Value {
    let options = object([
        ("num_ctx", json!(num_ctx)),
        ("num_predict", json!(sampling.max_tokens)),
        ("temperature", json!(sampling.temperature)),
        ("top_p", json!(sampling.top_p)),
        ("top_k", json!(sampling.top_k)),
        ("seed", json!(sampling.seed)),
        ("presence_penalty", json!(sampling.presence_penalty)),
        ("frequency_penalty", json!(sampling.frequency_penalty)),
        ("stop", if stop.is_empty() { Value::Null } else { json!(stop) }),
    ]);
    if options.as_object().is_some_and(Map::is_empty) { Value::Null } else { options }
}

/// Writes whether and how much to think: a switch, or one of four levels.
fn think(reasoning: &ReasoningControl, losses: &mut Losses) -> Value {
    if let Some(effort) = reasoning.effort {
        if reasoning.budget_tokens.is_some() {
            losses.note("reasoning.budget_tokens");
        }
        if reasoning.include == Some(false) && effort != Effort::None {
            losses.note("reasoning.include");
        }
        let level = match effort {
            Effort::None => return json!(false),
            Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High => "high",
            Effort::Max => "max",
            Effort::Minimal | Effort::ExtraHigh => {
                losses.note("reasoning.effort");
                if effort == Effort::Minimal { "low" } else { "max" }
            }
        };
        return json!(level);
    }
    match (reasoning.budget_tokens, reasoning.include) {
        (Some(0), _) => json!(false),
        (Some(_), _) => {
            losses.note("reasoning.budget_tokens");
            json!(true)
        }
        (None, Some(true)) => json!(true),
        (None, Some(false)) => {
            losses.note("reasoning.include");
            Value::Null
        }
        (None, None) => Value::Null,
    }
}

/// Adds members that came in this dialect and have no canonical name, the `options` among them one by one;
/// those of another dialect are noted.
fn add_extras(request: &Request, body: &mut Value, losses: &mut Losses) {
    let Some((origin, extras)) = &request.extras else { return };
    if *origin != Dialect::Ollama {
        extras.keys().for_each(|name| losses.note(name));
        return;
    }
    let Some(body) = body.as_object_mut() else { return };
    for (name, extra) in extras {
        let known = body.entry(name).or_insert_with(|| extra.clone());
        match (known, extra) {
            (Value::Object(known), Value::Object(extra)) if name == "options" => {
                for (name, value) in extra {
                    known.entry(name).or_insert_with(|| value.clone());
                }
            }
            (known, extra) if known != extra => losses.note(name),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use canonical::{Effort, Losses, Message, Part, ReasoningControl, Request, Role, Sampling};
    use serde_json::{Value, json};

    use super::encode;
    use crate::Quirks;

    fn written(request: &Request, quirks: &Quirks) -> (Value, String) {
        let mut losses = Losses::default();
        let body = encode(request, quirks, &mut losses);
        (serde_json::from_slice(&body).unwrap(), losses.to_string())
    }

    fn long(bytes: usize) -> Request {
        let parts = vec![Part::text("a".repeat(bytes))];
        let messages = vec![Message { role: Role::User, parts }];
        Request { messages, ..Request::default() }
    }

    #[test]
    fn a_long_prompt_gets_a_window_and_is_never_cut_unseen() {
        let small = Quirks { largest_context_tokens: Some(8192), ..Quirks::COMPATIBLE };
        for (bytes, quirks, num_ctx, truncate) in [
            (300, Quirks::COMPATIBLE, Value::Null, Value::Null),
            (30_000, Quirks::COMPATIBLE, json!(16_384), Value::Null),
            (20_000, small, json!(8192), Value::Null),
            (30_000, small, json!(8192), json!(false)),
        ] {
            let (body, lost) = written(&long(bytes), &quirks);
            assert_eq!(body["options"]["num_ctx"], num_ctx, "{bytes}");
            assert_eq!(body["truncate"], truncate, "{bytes}");
            assert_eq!(lost, "");
        }
    }

    #[test]
    fn models_stay_loaded_as_long_as_wanted() {
        for (keep_alive_s, expected) in
            [(None, Value::Null), (Some(-1), json!(-1)), (Some(300), json!(300))]
        {
            let quirks = Quirks { keep_alive_s, ..Quirks::COMPATIBLE };
            assert_eq!(written(&long(3), &quirks).0["keep_alive"], expected);
        }
    }

    #[test]
    fn probabilities_are_asked_for() {
        for (logprobs, wanted, top) in [
            (None, Value::Null, Value::Null),
            (Some(0), json!(true), Value::Null),
            (Some(3), json!(true), json!(3)),
        ] {
            let sampling = Sampling { logprobs, ..Sampling::default() };
            let (body, _) = written(&Request { sampling, ..long(3) }, &Quirks::COMPATIBLE);
            assert_eq!((&body["logprobs"], &body["top_logprobs"]), (&wanted, &top));
        }
    }

    #[test]
    fn thinking_is_a_switch_or_a_level() {
        for (effort, budget_tokens, include, think, lost) in [
            (None, None, None, Value::Null, ""),
            (None, None, Some(true), json!(true), ""),
            (None, None, Some(false), Value::Null, "reasoning.include"),
            (None, Some(0), None, json!(false), ""),
            (None, Some(2048), None, json!(true), "reasoning.budget_tokens"),
            (Some(Effort::None), None, Some(false), json!(false), ""),
            (Some(Effort::Minimal), None, None, json!("low"), "reasoning.effort"),
            (Some(Effort::Low), None, None, json!("low"), ""),
            (Some(Effort::Medium), None, Some(true), json!("medium"), ""),
            (Some(Effort::High), None, Some(false), json!("high"), "reasoning.include"),
            (Some(Effort::ExtraHigh), None, None, json!("max"), "reasoning.effort"),
            (Some(Effort::Max), Some(9), None, json!("max"), "reasoning.budget_tokens"),
        ] {
            let reasoning = ReasoningControl { effort, budget_tokens, include };
            let request = Request { reasoning, ..long(3) };
            let (body, noted) = written(&request, &Quirks::COMPATIBLE);
            let said = (body["think"].clone(), noted.as_str());
            assert_eq!(said, (think, lost), "{:?}", request.reasoning);
        }
    }

    #[test]
    fn nobody_is_told_who_asks() {
        let request = Request { user: Some("u".to_owned()), ..long(3) };
        assert_eq!(written(&request, &Quirks::COMPATIBLE).1, "user");
    }
}
