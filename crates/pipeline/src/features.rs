//! Features: requests that each hold one thing, to find out what of it reaches a provider.

use canonical::{
    Effort, Losses, Media, MediaKind, MediaSource, Message, OutputFormat, Part, ReasoningControl,
    Request, Role, Sampling, Tool, ToolCall, ToolChoice, ToolResult,
};
use serde_json::{Value, json};

use crate::Target;

/// A feature of requests and the members of it that would be lost on the way to a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// What would be lost; empty where the provider can be told all of it.
    pub losses: Losses,
}

/// Finds out what of each feature would be lost in translation, by having the provider's codec write it.
#[must_use]
pub fn features(target: &Target) -> Vec<Feature> {
    let quirks = target.quirks();
    let feature = |(name, mut request): (&'static str, Request)| {
        let mut losses = Losses::default();
        request.model.clone_from(&target.model);
        target.codec.encode_request(&request, &quirks, &mut losses);
        Feature { name, losses }
    };
    probes().into_iter().map(feature).collect()
}

/// One request for each feature, with nothing in it that the feature doesn't need.
fn probes() -> Vec<(&'static str, Request)> {
    let probes = [input_probes(), tool_probes(), output_probes(), sampling_probes()];
    probes.into_iter().flatten().collect()
}

fn input_probes() -> Vec<(&'static str, Request)> {
    let with = |media| asking(vec![Part::text("what is this?"), Part::Media(media)]);
    let base64 = || MediaSource::Base64("AAAA".to_owned());
    let url = |url: &str| MediaSource::Url(url.to_owned());
    let image =
        |source| Media { mime: Some("image/png".to_owned()), ..media(MediaKind::Image, source) };
    let document = |source| Media {
        mime: Some("application/pdf".to_owned()),
        name: Some("a.pdf".to_owned()),
        ..media(MediaKind::Document, source)
    };
    let audio = Media { mime: Some("audio/wav".to_owned()), ..media(MediaKind::Audio, base64()) };
    let detailed = Media { detail: Some("low".to_owned()), ..image(base64()) };
    let late_instruction = Request {
        messages: vec![
            turn(Role::User, vec![Part::text("hello")]),
            turn(Role::Assistant, vec![Part::text("yes?")]),
            turn(Role::System, vec![Part::text("be brief")]),
            turn(Role::User, vec![Part::text("who are you?")]),
        ],
        ..Request::default()
    };
    vec![
        ("system", Request { system: vec![Part::text("be brief")], ..plain() }),
        ("system_within_conversation", late_instruction),
        ("image_base64", with(image(base64()))),
        ("image_url", with(image(url("https://example.com/a.png")))),
        ("image_detail", with(detailed)),
        ("document_base64", with(document(base64()))),
        ("document_url", with(document(url("https://example.com/a.pdf")))),
        ("audio_base64", with(audio)),
        ("user", Request { user: Some("somebody".to_owned()), ..plain() }),
    ]
}

fn tool_probes() -> Vec<(&'static str, Request)> {
    let with_tool = |tool| Request { tools: vec![tool], ..plain() };
    let choice = |choice| Request { tool_choice: Some(choice), ..with_tool(tool()) };
    let one_at_a_time = Request { parallel_tool_calls: Some(false), ..with_tool(tool()) };
    let source = MediaSource::Base64("AAAA".to_owned());
    let image = Media { mime: Some("image/png".to_owned()), ..media(MediaKind::Image, source) };
    let text = || vec![Part::text("18 degrees")];
    let freeform = Tool { parameters: None, freeform: true, ..tool() };
    vec![
        ("tools", with_tool(tool())),
        ("tools_strict", with_tool(Tool { strict: Some(true), ..tool() })),
        ("tools_freeform", with_tool(freeform)),
        ("tool_choice_none", choice(ToolChoice::None)),
        ("tool_choice_required", choice(ToolChoice::Required)),
        ("tool_choice_named", choice(ToolChoice::Tool(tool().name))),
        ("parallel_tool_calls_off", one_at_a_time),
        ("tool_result", after_call(text(), false)),
        ("tool_result_error", after_call(text(), true)),
        ("tool_result_image", after_call(vec![Part::Media(image)], false)),
    ]
}

fn output_probes() -> Vec<(&'static str, Request)> {
    let output = |output| Request { output, ..plain() };
    let schema = |strict| OutputFormat::JsonSchema {
        name: Some("weather".to_owned()),
        schema: object_schema(),
        strict,
    };
    let reasoning = |reasoning| Request { reasoning, ..plain() };
    let effort = |level| ReasoningControl { effort: Some(level), ..ReasoningControl::default() };
    let budget = ReasoningControl { budget_tokens: Some(2048), ..ReasoningControl::default() };
    let shown = ReasoningControl { include: Some(true), ..ReasoningControl::default() };
    vec![
        ("json", output(OutputFormat::Json)),
        ("json_schema", output(schema(None))),
        ("json_schema_strict", output(schema(Some(true)))),
        ("reasoning_effort", reasoning(effort(Effort::Medium))),
        ("reasoning_off", reasoning(effort(Effort::None))),
        ("reasoning_budget", reasoning(budget)),
        ("reasoning_shown", reasoning(shown)),
    ]
}

fn sampling_probes() -> Vec<(&'static str, Request)> {
    let sampling = |sampling| Request { sampling, ..plain() };
    let usual = Sampling::default;
    vec![
        ("max_tokens", sampling(Sampling { max_tokens: Some(16), ..usual() })),
        ("temperature", sampling(Sampling { temperature: Some(0.5), ..usual() })),
        ("top_p", sampling(Sampling { top_p: Some(0.5), ..usual() })),
        ("top_k", sampling(Sampling { top_k: Some(40), ..usual() })),
        ("seed", sampling(Sampling { seed: Some(7), ..usual() })),
        ("presence_penalty", sampling(Sampling { presence_penalty: Some(0.5), ..usual() })),
        ("frequency_penalty", sampling(Sampling { frequency_penalty: Some(0.5), ..usual() })),
        ("n", sampling(Sampling { choices: Some(2), ..usual() })),
        ("logprobs", sampling(Sampling { logprobs: Some(2), ..usual() })),
        ("stop", Request { stop: vec!["END".to_owned()], ..plain() }),
    ]
}

/// A request that asks for nothing but an answer.
fn plain() -> Request {
    asking(vec![Part::text("hello")])
}

fn asking(parts: Vec<Part>) -> Request {
    Request { messages: vec![turn(Role::User, parts)], ..Request::default() }
}

fn turn(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

fn media(kind: MediaKind, source: MediaSource) -> Media {
    Media { kind, mime: None, source, detail: None, name: None }
}

/// The conversation after a tool answered.
fn after_call(content: Vec<Part>, is_error: bool) -> Request {
    let id = "call12345".to_owned();
    let name = tool().name;
    let call =
        ToolCall { id: id.clone(), name: name.clone(), arguments: "{}".to_owned(), seal: None };
    let result = ToolResult { call_id: id, name: Some(name), content, is_error };
    Request {
        messages: vec![
            turn(Role::User, vec![Part::text("how warm is it?")]),
            turn(Role::Assistant, vec![Part::ToolCall(call)]),
            turn(Role::User, vec![Part::ToolResult(result)]),
        ],
        tools: vec![tool()],
        ..Request::default()
    }
}

fn tool() -> Tool {
    Tool {
        name: "weather".to_owned(),
        description: Some("Tells the weather.".to_owned()),
        parameters: Some(object_schema()),
        strict: None,
        freeform: false,
    }
}

fn object_schema() -> Value {
    json!({ "type": "object", "properties": { "place": { "type": "string" } },
        "required": ["place"], "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use canonical::{Dialect, Losses};
    use dialects::{Quirks, codec};

    use super::{plain, probes};

    fn lost(dialect: Dialect, name: &str) -> String {
        let (_, request) = probes().into_iter().find(|(probe, _)| *probe == name).unwrap();
        let mut losses = Losses::default();
        codec(dialect).encode_request(&request, &Quirks::COMPATIBLE, &mut losses);
        losses.to_string()
    }

    #[test]
    fn names_are_told_apart() {
        let names: BTreeSet<_> = probes().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), probes().len());
    }

    #[test]
    fn nothing_is_lost_but_by_a_feature() {
        for dialect in Dialect::ALL {
            let mut losses = Losses::default();
            codec(dialect).encode_request(&plain(), &Quirks::COMPATIBLE, &mut losses);
            assert!(losses.is_empty(), "{dialect}: {losses}");
            for always in ["system", "tools", "tool_result", "max_tokens", "temperature"] {
                assert_eq!(lost(dialect, always), "", "{dialect}: {always}");
            }
        }
    }

    #[test]
    fn losses_are_the_codecs_own() {
        for (dialect, name, expected) in [
            (Dialect::OpenAiChat, "top_k", "top_k"),
            (Dialect::Anthropic, "top_k", ""),
            (Dialect::Anthropic, "seed", "seed"),
            (Dialect::Gemini, "seed", ""),
            (Dialect::Anthropic, "n", "n"),
            (Dialect::Anthropic, "tool_result_image", ""),
            (Dialect::Anthropic, "json_schema", ""),
        ] {
            assert_eq!(lost(dialect, name), expected, "{dialect}: {name}");
        }
    }
}
