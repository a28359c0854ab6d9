//! What requests mean.

use canonical::{
    Dialect, Effort, Losses, Media, MediaKind, MediaSource, Message, Opaque, OutputFormat, Part,
    Reasoning, ReasoningControl, Request, Role, Sampling, Seal, Tool, ToolCall, ToolChoice,
    ToolResult,
};
use serde_json::{Value, json};

use crate::{GEMINI_GENERATE, foreign_seal};

/// Checks what a body with the given members beside `contents` means.
#[track_caller]
fn check(members: Value, expected: Request, lost: &str) {
    let mut body = json!({"contents": [{"parts": [{"text": "Hi"}]}]});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let hi = Message { role: Role::User, parts: vec![Part::text("Hi")] };
    check_whole(&body, Request { messages: vec![hi], ..expected }, lost);
}

#[track_caller]
fn check_whole(body: &Value, expected: Request, lost: &str) {
    let mut losses = Losses::default();
    let request = GEMINI_GENERATE.decode_request(body.to_string().as_bytes(), &mut losses).unwrap();
    assert_eq!(request, Request { stream_usage: true, ..expected });
    assert_eq!(losses.to_string(), lost);
}

/// Checks what the parts of one content mean.
#[track_caller]
fn check_parts(role: &str, parts: Value, expected: Vec<Part>, lost: &str) {
    let body = json!({"contents": [{"role": role, "parts": parts}]});
    let role = if role == "model" { Role::Assistant } else { Role::User };
    let messages = vec![Message { role, parts: expected }];
    check_whole(&body, Request { messages, ..Request::default() }, lost);
}

#[track_caller]
fn refusal(body: &str) -> String {
    let refused = GEMINI_GENERATE.decode_request(body.as_bytes(), &mut Losses::default());
    refused.unwrap_err().public
}

fn call(id: &str, seal: Option<Seal>) -> Part {
    let (id, name, arguments) = (id.to_owned(), "look".to_owned(), "{\"top_k\":1}".to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, seal })
}

fn result(call_id: &str, content: Vec<Part>, is_error: bool) -> Part {
    let (call_id, name) = (call_id.to_owned(), Some("look".to_owned()));
    Part::ToolResult(ToolResult { call_id, name, content, is_error })
}

fn seal(dialect: Dialect, data: &str) -> Option<Seal> {
    Some(Seal { dialect, data: data.to_owned() })
}

#[test]
fn members_have_two_spellings_and_numbers_too() {
    for config in [
        json!({"topK": 5.0, "maxOutputTokens": 50, "stopSequences": ["X"], "thinkingConfig": {"thinkingBudget": 7.0}}),
        json!({"top_k": 5, "max_output_tokens": 50.0, "stop_sequences": ["X"], "thinking_config": {"thinking_budget": 7}}),
    ] {
        for name in ["generationConfig", "generation_config"] {
            let expected = Request {
                sampling: Sampling { top_k: Some(5), max_tokens: Some(50), ..Sampling::default() },
                stop: vec!["X".to_owned()],
                reasoning: ReasoningControl {
                    budget_tokens: Some(7),
                    ..ReasoningControl::default()
                },
                ..Request::default()
            };
            check(json!({name: config}), expected, "");
        }
    }
}

#[test]
fn roles_are_two_and_contents_of_one_role_are_one_turn() {
    let body = json!({
        "system_instruction": {"role": "model", "parts": {"text": "Be brief."}},
        "contents": [
            {"parts": [{"text": "A"}]},
            {"role": "user", "parts": [{"text": "B", "thought": false}, {"text": ""}, {}]},
            {"role": "model", "parts": [{"text": "C"}]},
            {"role": "function", "parts": []},
            {"role": "tool", "parts": [{"text": "D"}]},
        ],
    });
    let message = |role, texts: &[&str]| Message {
        role,
        parts: texts.iter().map(|text| Part::text(*text)).collect(),
    };
    let expected = Request {
        system: vec![Part::text("Be brief.")],
        messages: vec![
            message(Role::User, &["A", "B"]),
            message(Role::Assistant, &["C"]),
            message(Role::User, &["D"]),
        ],
        ..Request::default()
    };
    check_whole(&body, expected, "");
    let system = vec![Part::text("Be kind.")];
    check(json!({"systemInstruction": "Be kind."}), Request { system, ..Request::default() }, "");
}

#[test]
fn calls_and_results_keep_their_ids_or_none() {
    let calls = json!([
        {"functionCall": {"id": "a", "name": "look", "args": {"top_k": 1}}},
        {"function_call": {"name": "look", "args": {"top_k": 1}}},
    ]);
    check_parts("model", calls, vec![call("a", None), call("", None)], "");
    let image = Part::Media(Media {
        kind: MediaKind::Image,
        mime: Some("image/png".to_owned()),
        source: MediaSource::Base64("+/8=".to_owned()),
        detail: None,
        name: None,
    });
    let results = json!([
        {"functionResponse": {"id": "a", "name": "look", "response": {"output": "5"},
                              "parts": [{"inlineData": {"mime_type": "image/png", "data": "-_8"}}]}},
        {"functionResponse": {"name": "look", "response": {"error": "no"}}},
        {"functionResponse": {"name": "look", "response": {"error": "no", "code": 5}}},
        {"functionResponse": {"name": "look", "response": {"error": null, "output": [1]}}},
        {"functionResponse": {"name": "look", "response": {"output": [1]}, "willContinue": true}},
        {"functionResponse": {"name": "look", "response": {"result": "5"}}},
        {"functionResponse": {"name": "look"}},
    ]);
    let said = |text: &str| vec![Part::text(text)];
    let expected = vec![
        result("a", vec![Part::text("5"), image], false),
        result("", said("no"), true),
        result("", said("{\"error\":\"no\",\"code\":5}"), true),
        result("", said("{\"error\":null,\"output\":[1]}"), false),
        result("", said("[1]"), false),
        result("", said("{\"result\":\"5\"}"), false),
        result("", said(""), false),
    ];
    check_parts("user", results, expected, "contents.parts.functionResponse.willContinue");
}

#[test]
fn media_come_by_value_and_by_address() {
    let parts = json!([
        {"inlineData": {"data": "QUJD", "mime_type": "audio/wav"}},
        {"file_data": {"file_uri": "https://example.com/a", "mimeType": "application/pdf", "displayName": "a.pdf"},
         "videoMetadata": {"fps": 1}},
    ]);
    let media = |kind, mime: &str, source, name: Option<&str>| {
        let (mime, name) = (Some(mime.to_owned()), name.map(str::to_owned));
        Part::Media(Media { kind, mime, source, detail: None, name })
    };
    let url = MediaSource::Url("https://example.com/a".to_owned());
    let expected = vec![
        media(MediaKind::Audio, "audio/wav", MediaSource::Base64("QUJD".to_owned()), None),
        media(MediaKind::Document, "application/pdf", url, Some("a.pdf")),
    ];
    check_parts("user", parts, expected, "contents.parts.videoMetadata");
}

#[test]
fn seals_come_home_wherever_they_stand() {
    let foreign = Seal { dialect: Dialect::Anthropic, data: "a?>~".to_owned() };
    let packed = foreign_seal::pack(&foreign, Dialect::Gemini);
    let other_alphabet = packed.replace('+', "-").replace('/', "_");
    assert_ne!(packed, other_alphabet);
    let code = json!({"executableCode": {"code": "1"}, "thoughtSignature": "own"});
    let parts = json!([
        {"text": "Hm, ", "thought": true},
        {"text": "well.", "thought": true},
        {"text": "", "thought": true, "thoughtSignature": other_alphabet},
        {"text": "A"},
        {"text": "B"},
        {"text": "", "thoughtSignature": "own-_"},
        {"functionCall": {"name": "look", "args": {"top_k": 1}}, "thought_signature": packed},
        code,
    ]);
    let expected = vec![
        Part::Reasoning(Reasoning { text: "Hm, well.".to_owned(), seal: Some(foreign.clone()) }),
        Part::text("AB"),
        Part::Text { text: String::new(), seal: seal(Dialect::Gemini, "own-_") },
        call("", Some(foreign)),
        Part::Opaque(Opaque { dialect: Dialect::Gemini, json: code.clone() }),
    ];
    check_parts("model", parts, expected, "");
}

#[test]
fn functions_are_tools_and_the_provider_s_own_are_lost() {
    let tool = |name: &str, parameters| Tool {
        name: name.to_owned(),
        description: None,
        parameters,
        strict: None,
        freeform: false,
    };
    let schema = json!({"type": "object", "properties": {"top_k": {"type": "string"}}});
    check(
        json!({"tools": [
            {"functionDeclarations": [
                {"name": "a", "parameters": {"type": "OBJECT", "properties": {"top_k": {"type": "STRING"}}}},
                {"name": "b", "parameters_json_schema": schema, "behavior": "BLOCKING"},
            ], "codeExecution": null},
            {"google_search": {}, "function_declarations": {"name": "c"}},
        ]}),
        Request {
            tools: vec![
                tool("a", Some(schema.clone())),
                tool("b", Some(schema.clone())),
                tool("c", None),
            ],
            ..Request::default()
        },
        "tools.functionDeclarations.behavior, tools.googleSearch",
    );
}

#[test]
fn allowed_functions_are_a_choice() {
    const NAMES: &str = "toolConfig.functionCallingConfig.allowedFunctionNames";
    const MODE: &str = "toolConfig.functionCallingConfig.mode";
    for (config, choice, left, lost) in [
        (json!({}), None, "abc", ""),
        (json!({"mode": "AUTO"}), Some(ToolChoice::Auto), "abc", ""),
        (json!({"mode": "none"}), Some(ToolChoice::None), "abc", ""),
        (json!({"mode": "ANY"}), Some(ToolChoice::Required), "abc", ""),
        (
            json!({"mode": "ANY", "allowedFunctionNames": ["b"]}),
            Some(ToolChoice::Tool("b".to_owned())),
            "abc",
            "",
        ),
        (
            json!({"mode": "ANY", "allowed_function_names": ["c", "b", "a"]}),
            Some(ToolChoice::Required),
            "abc",
            "",
        ),
        (
            json!({"mode": "ANY", "allowed_function_names": ["c", "a"]}),
            Some(ToolChoice::Required),
            "ac",
            NAMES,
        ),
        (
            json!({"mode": "VALIDATED", "allowed_function_names": ["a"]}),
            Some(ToolChoice::Auto),
            "a",
            &format!("{NAMES}, {MODE}"),
        ),
    ] {
        let declarations: Vec<_> = ["a", "b", "c"].map(|name| json!({"name": name})).to_vec();
        let tools = left.chars().map(|name| Tool {
            name: name.to_string(),
            description: None,
            parameters: None,
            strict: None,
            freeform: false,
        });
        let expected =
            Request { tools: tools.collect(), tool_choice: choice, ..Request::default() };
        check(
            json!({"tools": {"functionDeclarations": declarations},
                   "toolConfig": {"functionCallingConfig": config}}),
            expected,
            lost,
        );
    }
}

#[test]
fn forms_of_the_answer() {
    let schema = |schema| OutputFormat::JsonSchema { name: None, schema, strict: None };
    for (config, output, lost) in [
        (json!({"responseMimeType": "text/plain"}), OutputFormat::Text, ""),
        (json!({"responseMimeType": "application/json"}), OutputFormat::Json, ""),
        (
            json!({"responseMimeType": "application/json", "responseSchema": {"type": "NUMBER"}}),
            schema(json!({"type": "number"})),
            "",
        ),
        (
            json!({"response_mime_type": "application/json", "response_json_schema": {"$ref": "#"}}),
            schema(json!({"$ref": "#"})),
            "",
        ),
        (
            json!({"responseMimeType": "text/x.enum", "responseSchema": {"enum": ["a"]}}),
            OutputFormat::Text,
            "generationConfig.responseMimeType",
        ),
        (
            json!({"responseModalities": ["Text", "IMAGE"], "speechConfig": {}}),
            OutputFormat::Text,
            "generationConfig.responseModalities, generationConfig.speechConfig",
        ),
        (json!({"responseModalities": ["TEXT"]}), OutputFormat::Text, ""),
    ] {
        check(json!({"generationConfig": config}), Request { output, ..Request::default() }, lost);
    }
}

#[test]
fn thinking_and_sampling() {
    for (thinking, effort, budget_tokens, include) in [
        (json!({"thinkingBudget": -1}), None, None, None),
        (json!({"thinkingBudget": 0}), None, Some(0), None),
        (json!({"thinkingLevel": "high"}), Some(Effort::High), None, None),
        (
            json!({"thinkingLevel": "MINIMAL", "includeThoughts": true}),
            Some(Effort::Minimal),
            None,
            Some(true),
        ),
    ] {
        let reasoning = ReasoningControl { effort, budget_tokens, include };
        let expected = Request { reasoning, ..Request::default() };
        check(json!({"generationConfig": {"thinkingConfig": thinking}}), expected, "");
    }
    for (config, logprobs) in [
        (json!({"responseLogprobs": true}), Some(0)),
        (json!({"responseLogprobs": true, "logprobs": 3}), Some(3)),
        (json!({"logprobs": 3}), None),
    ] {
        let sampling = Sampling { logprobs, ..Sampling::default() };
        let expected = Request { sampling, ..Request::default() };
        check(json!({"generationConfig": config}), expected, "");
    }
}

#[test]
fn members_of_its_own_are_kept_for_its_own() {
    let extras = json!({"safetySettings": [], "cachedContent": "c", "labels": {"a_b": "c"}});
    let mut body = extras.clone();
    body["model"] = json!("models/gemini-x");
    body["toolConfig"] = Value::Null;
    let extras = Some((Dialect::Gemini, extras.as_object().unwrap().clone()));
    check(body, Request { model: "gemini-x".to_owned(), extras, ..Request::default() }, "");
}

#[test]
fn a_refusal_names_the_member() {
    for (body, expected) in [
        ("{", "the body is not JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "the body must be a JSON object"),
        ("{}", "`contents` is missing"),
        (r#"{"contents":"Hi"}"#, "`contents` must be a list of objects"),
        (r#"{"contents":["Hi"]}"#, "`contents[0]` must be an object"),
        (
            r#"{"contents":[{"role":"system","parts":[]}]}"#,
            "`contents[0].role` must be `user` or `model`",
        ),
        (
            r#"{"contents":[{"parts":[{},{"text":5}]}]}"#,
            "`contents[0].parts[1].text` must be a string",
        ),
        (
            r#"{"contents":[{"parts":[{"functionCall":{"args":{}}}]}]}"#,
            "`contents[0].parts[0].functionCall.name` is missing",
        ),
        (
            r#"{"contents":[{"parts":[{"functionResponse":{"response":"5"}}]}]}"#,
            "`contents[0].parts[0].functionResponse.response` must be an object",
        ),
        (
            r#"{"contents":{"parts":[]},"generationConfig":{"thinkingConfig":{"thinkingLevel":"so"}}}"#,
            "`generationConfig.thinkingConfig.thinkingLevel` must be `MINIMAL`, `LOW`, `MEDIUM` or `HIGH`",
        ),
        (
            r#"{"contents":{"parts":[]},"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}}"#,
            "`toolConfig.functionCallingConfig.mode` must be `AUTO`, `ANY`, `NONE` or `VALIDATED`",
        ),
    ] {
        assert_eq!(refusal(body), expected);
    }
}
