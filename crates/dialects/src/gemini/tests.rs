//! What requests become, and how answers out of the ordinary are read.

use std::time::Duration;

use canonical::{
    Collector, Dialect, Effort, ErrorKind, Event, EventChecker, Fault, FinishReason, Losses, Media,
    MediaKind, MediaSource, Message, Opaque, OutputFormat, Part, Reasoning, ReasoningControl,
    Request, Response, Role, Sampling, Seal, Tool, ToolCall, ToolChoice, ToolResult, Usage,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Gemini;
use crate::{Codec, ErrorAnswer, ModelPage, Quirks};

/// Checks the members that a request gets beside an empty `contents`.
#[track_caller]
fn check(request: &Request, expected: Value, lost: &str) {
    let mut losses = Losses::default();
    let body = Gemini.encode_request(request, &Quirks::COMPATIBLE, &mut losses);
    let mut all = json!({"contents": []});
    all.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), all);
    assert_eq!(losses.to_string(), lost);
}

/// Checks the contents that turns become.
#[track_caller]
fn check_contents(messages: Vec<Message>, expected: Value, lost: &str) {
    check(&Request { messages, ..Request::default() }, json!({"contents": expected}), lost);
}

fn turn(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

fn seal(dialect: Dialect) -> Option<Seal> {
    Some(Seal { dialect, data: "sealed".to_owned() })
}

fn call(id: &str, arguments: &str, seal: Option<Seal>) -> Part {
    let (id, name, arguments) = (id.to_owned(), "look".to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, seal })
}

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
        "messages.reasoning, messages.seal, messages.opaque",
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

#[test]
fn a_model_cannot_change_the_target() {
    for (model, expected) in [
        ("gemini-2.5-flash", "/models/gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "/models/gemini-2.5-flash"),
        ("../../x", "/models/..%2F..%2Fx"),
        ("..", "/models/.."),
        ("a?key=b#c", "/models/a%3Fkey%3Db%23c"),
        ("a%2e\r\n:b é", "/models/a%252e%0D%0A%3Ab%20%C3%A9"),
    ] {
        assert_eq!(Gemini.chat_target(model, false), format!("{expected}:generateContent"));
        let streamed = format!("{expected}:streamGenerateContent?alt=sse");
        assert_eq!(Gemini.chat_target(model, true), streamed);
    }
    assert_eq!(Gemini.models_target(None), "/models?pageSize=1000");
    assert_eq!(Gemini.models_target(Some("a&b=")), "/models?pageSize=1000&pageToken=a%26b%3D");
}

#[test]
fn models_come_in_pages() {
    let page = |body: Value| Gemini.decode_models(body.to_string().as_bytes());
    let models = json!([{"name": "models/a"}, {"name": "tunedModels/b"}, {}]);
    let ids = vec!["a".to_owned(), "tunedModels/b".to_owned()];
    let next = Some("t".to_owned());
    assert_eq!(page(json!({"models": models, "nextPageToken": "t"})), Ok(ModelPage { ids, next }));
    assert_eq!(page(json!({"nextPageToken": ""})), Ok(ModelPage::default()));
    assert!(page(json!({"error": {"code": 400}})).is_err());
    assert!(Gemini.decode_models(b"<html>").is_err());
}

#[test]
fn errors_are_told_apart() {
    let said = |status: &str, message: &str, details: Value| json!({"error": {"status": status, "message": message, "details": details}});
    let key =
        json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
    let wait =
        json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]);
    let none = || json!([]);
    for (status, body, kind, wait_ms) in [
        (400, said("INVALID_ARGUMENT", "bad", none()), ErrorKind::InvalidRequest, None),
        (400, said("INVALID_ARGUMENT", "bad", key), ErrorKind::KeyRefused, None),
        (400, said("FAILED_PRECONDITION", "bad", none()), ErrorKind::InvalidRequest, None),
        (
            400,
            said("FAILED_PRECONDITION", "Please enable billing.", none()),
            ErrorKind::QuotaExhausted,
            None,
        ),
        (403, said("PERMISSION_DENIED", "bad", none()), ErrorKind::KeyRefused, None),
        (404, json!([said("NOT_FOUND", "bad", none())]), ErrorKind::NotFound, None),
        (429, said("RESOURCE_EXHAUSTED", "bad", wait), ErrorKind::RateLimited, Some(34_500)),
        (500, said("INTERNAL", "bad", none()), ErrorKind::UpstreamFailed, None),
        (503, said("UNAVAILABLE", "bad", none()), ErrorKind::Overloaded, None),
        (504, said("DEADLINE_EXCEEDED", "bad", none()), ErrorKind::Timeout, None),
    ] {
        let bytes = body.to_string();
        let answer = ErrorAnswer { status, header: &|_| None, body: bytes.as_bytes() };
        let fault = Gemini.decode_error(&answer);
        assert_eq!((fault.kind, fault.upstream_status), (kind, Some(status)), "{body}");
        assert_eq!(fault.retry_after, wait_ms.map(Duration::from_millis));
        assert!(body.to_string().contains(&fault.public));
    }
    let answer = ErrorAnswer { status: 502, header: &|_| None, body: b"<html>" };
    assert_eq!(Gemini.decode_error(&answer).public, "HTTP 502 without a message");
}

/// Decodes a stream in chunks of `size` bytes.
fn streamed(stream: &[u8], size: usize) -> Vec<Event> {
    let mut decoder = Gemini.stream_decoder();
    let mut events = Vec::new();
    for chunk in stream.chunks(size) {
        decoder.feed(chunk, &mut events);
    }
    decoder.finish(&mut events);
    events
}

fn collected(stream: &str) -> Result<Response, Option<Fault>> {
    let (mut collector, mut checker) = (Collector::default(), EventChecker::default());
    for event in streamed(stream.as_bytes(), 7) {
        checker.check(&event).unwrap();
        collector.push(event);
    }
    assert!(checker.is_ended());
    collector.finish()
}

fn sse(chunks: &[Value]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\r\n\r\n")).collect()
}

fn chunk(parts: Value, finish: Value) -> Value {
    json!({"candidates": [{"content": {"parts": parts}, "finishReason": finish}]})
}

fn whole(body: &Value) -> Result<Response, Fault> {
    Gemini.decode_response(body.to_string().as_bytes())
}

#[test]
fn parts_are_read_alike_whole_and_streamed_and_replayed_as_they_came() {
    let parts = json!([
        {"text": "Hm.", "thought": true, "thoughtSignature": "s0"},
        {"text": "A", "thoughtSignature": "s1"},
        {"text": "B"},
        {"functionCall": {"id": "c", "name": "look", "args": {"b": 1, "a": [2]}}, "thoughtSignature": "s2"},
        {"functionCall": {"name": "look", "args": {}}},
        {"executableCode": {"code": "1"}},
        {"inlineData": {"mimeType": "image/png", "data": "QUJD"}},
        {"text": "", "thoughtSignature": "s3"},
    ]);
    let body = chunk(parts.clone(), json!("STOP"));
    let answer = whole(&body).unwrap();
    assert_eq!(answer.choices[0].finish.reason, FinishReason::ToolCalls);
    let single: Vec<_> =
        parts.as_array().unwrap().iter().map(|part| chunk(json!([part]), Value::Null)).collect();
    for stream in
        [sse(&[body]), sse(&single) + &sse(&[chunk(json!([{"text": ""}]), json!("STOP"))])]
    {
        assert_eq!(collected(&stream).unwrap().choices, answer.choices);
    }
    let parts_read = answer.choices.into_iter().next().unwrap().parts;
    check_contents(
        vec![turn(Role::Assistant, parts_read)],
        json!([{"role": "model", "parts": parts}]),
        "",
    );
}

#[test]
fn pieces_of_text_make_one_part_and_the_last_reason_counts() {
    let answer = collected(&sse(&[
        json!({"responseId": "r", "modelVersion": "m",
               "candidates": [{"content": {"parts": [{"text": "A"}]}, "finishReason": "STOP"}],
               "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 1}}),
        json!({"candidates": [{"content": {}}], "usageMetadata": {"trafficType": "ON_DEMAND"}}),
        json!({"candidates": [{}]}),
        json!({"candidates": [{"content": {"parts": [{"text": "B"}]}, "finishReason": "MAX_TOKENS"}],
               "usageMetadata": {"promptTokenCount": 9, "cachedContentTokenCount": 4,
                                 "candidatesTokenCount": 2, "thoughtsTokenCount": 3}}),
    ]))
    .unwrap();
    assert_eq!(answer.choices[0].parts, [Part::text("AB")]);
    assert_eq!(answer.choices[0].finish.reason, FinishReason::Length);
    assert_eq!((answer.id.as_deref(), answer.model.as_deref()), (Some("r"), Some("m")));
    let usage = Usage {
        input_tokens: Some(5),
        cache_read_tokens: Some(4),
        cache_write_tokens: None,
        output_tokens: Some(5),
        reasoning_tokens: Some(3),
    };
    assert_eq!(answer.usage, usage);
}

#[test]
fn a_call_may_come_in_pieces() {
    let call_piece = |call: Value| chunk(json!([{"functionCall": call}]), Value::Null);
    let answer = collected(&sse(&[
        call_piece(json!({"name": "look", "willContinue": true})),
        call_piece(json!({"partialArgs": [{"jsonPath": "$.at", "stringValue": "San ",
                                           "willContinue": true}], "willContinue": true})),
        call_piece(json!({"partialArgs": [{"jsonPath": "$.at", "stringValue": "Remo"}],
                          "willContinue": true})),
        call_piece(json!({})),
        call_piece(json!({"name": "look"})),
        chunk(json!([]), json!("STOP")),
    ]))
    .unwrap();
    let parts = [call("", "{\"at\":\"San Remo\"}", None), call("", "{}", None)];
    assert_eq!(answer.choices[0].parts, parts);
    assert_eq!(answer.choices[0].finish.reason, FinishReason::ToolCalls);
}

#[test]
fn candidates_stay_apart() {
    let one = |index: u32, text: &str, finish: Value| json!({"index": index, "content": {"parts": [{"text": text}]}, "finishReason": finish});
    let first = json!({"candidates": [one(1, "b", Value::Null), one(0, "a", json!("STOP"))]});
    let second = json!({"candidates": [one(1, "B", json!("SAFETY"))]});
    let fault = collected(&sse(&[first.clone()])).unwrap_err().unwrap();
    assert_eq!(fault.kind, ErrorKind::Truncated);
    let answer = collected(&sse(&[first, second])).unwrap();
    let parts: Vec<_> = answer.choices.iter().map(|choice| choice.parts.clone()).collect();
    assert_eq!(parts, [vec![Part::text("a")], vec![Part::text("bB")]]);
    assert_eq!(answer.choices[1].finish.reason, FinishReason::ContentFilter);
    let nonsense = json!({"candidates": [{"index": 4_000_000_000_u32}]});
    assert_eq!(collected(&sse(&[nonsense])).unwrap_err().unwrap().kind, ErrorKind::Malformed);
}

#[test]
fn a_blocked_prompt_is_an_empty_answer() {
    for feedback in [json!({"blockReason": "SAFETY"}), json!({"blockReasonMessage": "no"})] {
        let body = json!({"promptFeedback": feedback});
        for answer in [whole(&body).unwrap(), collected(&sse(&[body])).unwrap()] {
            assert_eq!(answer.text(), "");
            assert_eq!(answer.choices[0].finish.reason, FinishReason::ContentFilter);
        }
    }
    let unblocked = json!({"promptFeedback": {"safetyRatings": []}, "candidates": []});
    assert_eq!(whole(&unblocked).unwrap_err().kind, ErrorKind::Malformed);
}

#[test]
fn an_answer_fails_in_words() {
    let begun = sse(&[chunk(json!([{"text": "A"}]), json!("STOP"))]);
    let unfinished = sse(&[chunk(json!([{"text": "A"}]), Value::Null)]);
    let error = json!({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}});
    let pretty = serde_json::to_string_pretty(&error).unwrap();
    for (stream, kind, public) in [
        (begun.clone() + &sse(&[error.clone()]), ErrorKind::Overloaded, Some("busy")),
        (begun.clone() + &pretty, ErrorKind::Overloaded, Some("busy")),
        (begun.replace("\r\n", "\n") + &pretty, ErrorKind::Overloaded, Some("busy")),
        (json!([error]).to_string(), ErrorKind::Overloaded, Some("busy")),
        (begun.clone() + "{\"error\"", ErrorKind::Malformed, None),
        (begun.clone() + "data: {\"candidates\":[", ErrorKind::Truncated, None),
        (begun + "data: nonsense\n\n", ErrorKind::Malformed, None),
        (unfinished, ErrorKind::Truncated, None),
        (String::new(), ErrorKind::Truncated, None),
        (format!("data: {}\n\n", "x".repeat(2 << 20)), ErrorKind::Malformed, None),
    ] {
        let fault = collected(&stream).unwrap_err().unwrap();
        assert_eq!(fault.kind, kind, "{}", stream.get(..200).unwrap_or(&stream));
        assert_eq!(fault.public, public.unwrap_or(&fault.public));
    }
    assert_eq!(whole(&error).unwrap_err().public, "busy");
    for body in [json!({}), json!([]), json!(null)] {
        assert_eq!(whole(&body).unwrap_err().kind, ErrorKind::Malformed);
    }
}

#[test]
fn a_last_chunk_may_lack_its_blank_line() {
    let stream = sse(&[chunk(json!([{"text": "A"}]), json!("STOP"))]);
    assert_eq!(collected(stream.trim_end()).unwrap().text(), "A");
}

#[test]
fn parts_are_bounded() {
    let code = json!({"executableCode": {"code": "1"}});
    let stream = sse(&[chunk(json!(vec![code; 5000]), json!("STOP"))]);
    assert_eq!(collected(&stream).unwrap_err().unwrap().kind, ErrorKind::Malformed);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        pieces in prop::collection::vec(
            prop_oneof![
                Just(sse(&[chunk(json!([{"text": "A"}]), json!("STOP"))]).into_bytes()),
                Just(sse(&[chunk(json!([{"functionCall": 1}, {"text": []}, 7]), json!(1))]).into_bytes()),
                Just(sse(&[json!({"candidates": [[]], "usageMetadata": 7})]).into_bytes()),
                Just(b"\n{\"error\":{\"message\":\"x\"}}".to_vec()),
                any::<Vec<u8>>(),
            ],
            0..8,
        ),
        size in 1usize..64,
    ) {
        let stream = pieces.concat();
        let events = streamed(&stream, size);
        prop_assert_eq!(&events, &streamed(&stream, usize::MAX));
        let mut checker = EventChecker::default();
        for event in &events {
            prop_assert_eq!(checker.check(event), Ok(()));
        }
        prop_assert!(checker.is_ended());
        let _ = Gemini.decode_response(&stream);
        let _ = Gemini.decode_models(&stream);
        Gemini.decode_error(&ErrorAnswer { status: 500, header: &|_| None, body: &stream });
    }
}
