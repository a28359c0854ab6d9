//! What requests become.

use canonical::{
    Dialect, Effort, Media, MediaKind, MediaSource, Opaque, OutputFormat, Part, Reasoning,
    ReasoningControl, Request, Role, Sampling, Tool, ToolChoice, ToolResult,
};
use serde_json::json;

use super::{call, check, check_contents, seal, turn};

fn result(call_id: &str, content: Vec<Part>, is_error: bool) -> Part {
    Part::ToolResult(ToolResult { call_id: call_id.to_owned(), name: None, content, is_error })
}

fn media(kind: MediaKind, source: MediaSource) -> Media {
    Media { kind, mime: None, source, detail: None, name: None }
}

#[test]
fn instructions_are_no_turn() {
    let request = Request {
        system: vec![Part::text("Be brief.")],
        messages: vec![
            turn(Role::User, vec![Part::text("Hi")]),
            turn(Role::System, vec![Part::text("Be kind.")]),
            turn(Role::User, vec![Part::text("Still there?")]),
        ],
        ..Request::default()
    };
    let expected = json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]},
        "contents": [{"role": "user", "parts": [{"text": "Hi"}, {"text": "Still there?"}]}],
    });
    check(&request, expected, "messages.system_position");
}

#[test]
fn calls_and_results_pair_up_by_id_and_name() {
    let image = media(MediaKind::Image, MediaSource::Base64("QUJD".to_owned()));
    check_contents(
        vec![
            turn(Role::Assistant, vec![call("a", "{\"n\":1}", None), call("", "", None)]),
            turn(Role::User, vec![Part::text("done?")]),
            turn(Role::User, vec![result("a", vec![Part::text("5"), Part::Media(image)], false)]),
            turn(Role::User, vec![result("", vec![Part::text("{\"x\":1}")], false)]),
            turn(Role::User, vec![result("stray", vec![Part::text("no")], true)]),
        ],
        json!([
            {"role": "model", "parts": [
                {"functionCall": {"id": "a", "name": "look", "args": {"n": 1}},
                 "thoughtSignature": "skip_thought_signature_validator"},
                {"functionCall": {"name": "look", "args": {}}},
            ]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "a", "name": "look", "response": {"output": "5"}}},
                {"functionResponse": {"name": "look", "response": {"x": 1}}},
                {"functionResponse": {"id": "stray", "name": "unknown", "response": {"error": "no"}}},
                {"text": "done?"},
                {"inlineData": {"mimeType": "image/png", "data": "QUJD"}},
            ]},
        ]),
        "messages.tool_result.name",
    );
}

#[test]
fn media_go_by_value_and_by_address() {
    let url = || MediaSource::Url("https://example.com/a".to_owned());
    let pdf =
        Media { mime: Some("application/pdf".to_owned()), ..media(MediaKind::Document, url()) };
    let sound = media(MediaKind::Audio, MediaSource::Base64("QUJD".to_owned()));
    let image = Media { detail: Some("low".to_owned()), ..media(MediaKind::Image, url()) };
    check_contents(
        vec![turn(Role::User, vec![Part::Media(pdf), Part::Media(sound), Part::Media(image)])],
        json!([{"role": "user", "parts": [
            {"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.com/a"}},
            {"inlineData": {"mimeType": "audio/wav", "data": "QUJD"}},
            {"fileData": {"fileUri": "https://example.com/a"}},
        ]}]),
        "messages.detail",
    );
}

#[test]
fn seals_and_opaque_blocks_go_home_only() {
    let code = json!({"executableCode": {"language": "PYTHON", "code": "1"}});
    let said = |dialect| {
        vec![
            Part::Reasoning(Reasoning { text: "Hm.".to_owned(), seal: seal(dialect) }),
            Part::Text { text: String::new(), seal: seal(dialect) },
            call("", "{}", seal(dialect)),
            Part::Opaque(Opaque { dialect, json: code.clone() }),
        ]
    };
    check_contents(
        vec![turn(Role::Assistant, said(Dialect::Gemini))],
        json!([{"role": "model", "parts": [
            {"text": "Hm.", "thought": true, "thoughtSignature": "sealed"},
            {"text": "", "thoughtSignature": "sealed"},
            {"functionCall": {"name": "look", "args": {}}, "thoughtSignature": "sealed"},
            code,
        ]}]),
        "",
    );
    check_contents(
        vec![turn(Role::Assistant, said(Dialect::Anthropic))],
        json!([{"role": "model", "parts": [
            {"functionCall": {"name": "look", "args": {}},
             "thoughtSignature": "skip_thought_signature_validator"},
        ]}]),
        "messages.reasoning, messages.seal, messages.executableCode",
    );
}

#[test]
fn tools_and_their_choice() {
    let with = |tool_choice| Request {
        tools: vec![Tool {
            name: "a".to_owned(),
            description: Some("Adds.".to_owned()),
            parameters: Some(json!({"type": "object", "$defs": {}})),
            strict: Some(true),
            freeform: false,
        }],
        tool_choice: Some(tool_choice),
        parallel_tool_calls: Some(false),
        ..Request::default()
    };
    for (choice, config) in [
        (ToolChoice::Auto, json!({"mode": "AUTO"})),
        (ToolChoice::None, json!({"mode": "NONE"})),
        (ToolChoice::Required, json!({"mode": "ANY"})),
        (ToolChoice::Tool("a".into()), json!({"mode": "ANY", "allowedFunctionNames": ["a"]})),
    ] {
        let expected = json!({
            "tools": [{"functionDeclarations": [{
                "name": "a", "description": "Adds.",
                "parametersJsonSchema": {"type": "object", "$defs": {}},
            }]}],
            "toolConfig": {"functionCallingConfig": config},
        });
        check(&with(choice), expected, "parallel_tool_calls, tools.strict");
    }
    let toolless = Request { tool_choice: Some(ToolChoice::Required), ..Request::default() };
    check(&toolless, json!({}), "tool_choice");
}

#[test]
fn sampling_and_form() {
    let request = Request {
        sampling: Sampling {
            temperature: Some(1.5),
            top_p: Some(0.5),
            top_k: Some(40),
            max_tokens: Some(100),
            seed: Some(1 << 40 | 7),
            presence_penalty: Some(0.1),
            frequency_penalty: Some(0.2),
            choices: Some(2),
            logprobs: Some(3),
        },
        stop: ["1", "2", "3", "4", "5", "6"].map(str::to_owned).to_vec(),
        output: OutputFormat::JsonSchema { name: None, schema: json!({}), strict: Some(true) },
        ..Request::default()
    };
    let config = json!({
        "temperature": 1.5, "topP": 0.5, "topK": 40, "maxOutputTokens": 100, "seed": 7,
        "presencePenalty": 0.1, "frequencyPenalty": 0.2, "candidateCount": 2,
        "responseLogprobs": true, "logprobs": 3, "stopSequences": ["1", "2", "3", "4", "5"],
        "responseMimeType": "application/json", "responseJsonSchema": {},
    });
    check(&request, json!({"generationConfig": config}), "seed, stop");

    let json = Request { output: OutputFormat::Json, ..Request::default() };
    check(&json, json!({"generationConfig": {"responseMimeType": "application/json"}}), "");
}

#[test]
fn thinking_is_a_budget_or_a_level() {
    let effort = |effort| ReasoningControl { effort: Some(effort), ..ReasoningControl::default() };
    let both =
        ReasoningControl { budget_tokens: Some(9), include: Some(true), ..effort(Effort::Low) };
    for (model, reasoning, config, lost) in [
        ("gemini-2.5-pro", effort(Effort::None), json!({"thinkingBudget": 0}), ""),
        ("models/gemini-2.5-pro", effort(Effort::Low), json!({"thinkingBudget": 1024}), ""),
        ("gemini-3-pro", effort(Effort::Low), json!({"thinkingLevel": "LOW"}), ""),
        ("gemini-3-pro", effort(Effort::Max), json!({"thinkingLevel": "HIGH"}), "reasoning.effort"),
        (
            "gemini-3-pro",
            both,
            json!({"includeThoughts": true, "thinkingBudget": 9}),
            "reasoning.effort",
        ),
    ] {
        let request = Request { model: model.to_owned(), reasoning, ..Request::default() };
        check(&request, json!({"generationConfig": {"thinkingConfig": config}}), lost);
    }
}

#[test]
fn extras_go_home_only_and_never_over_our_own() {
    let extras = json!({"safetySettings": [], "contents": 1}).as_object().unwrap().clone();
    let with = |dialect| Request { extras: Some((dialect, extras.clone())), ..Request::default() };
    check(&with(Dialect::Gemini), json!({"safetySettings": []}), "contents");
    check(&with(Dialect::OpenAiChat), json!({}), "safetySettings, contents");
}
