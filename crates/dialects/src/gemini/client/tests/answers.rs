//! What answers and errors look like, whole and streamed.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use canonical::{
    Choice, Delta, Dialect, ErrorKind, Event, Fault, FinishReason, Losses, Media, MediaKind,
    MediaSource, Opaque, Part, PartKind, Reasoning, Request, Response, Seal, TokenLogprob,
    ToolCall, Usage,
};
use serde_json::{Value, json};

use super::echo;
use crate::{ChatEndpoint, GEMINI_GENERATE, GEMINI_GENERATE_ARRAY};

fn whole(response: &Response, lost: &str) -> Value {
    let mut losses = Losses::default();
    let body = GEMINI_GENERATE.encode_response(response, &Request::default(), &echo(), &mut losses);
    assert_eq!(losses.to_string(), lost);
    serde_json::from_slice(&body).unwrap()
}

/// Returns each frame of a streamed answer, as written.
fn frames(endpoint: &dyn ChatEndpoint, events: &[Event]) -> Vec<String> {
    let mut encoder = endpoint.stream_encoder(&Request::default(), &echo());
    let frame = |event| {
        let mut out = Vec::new();
        encoder.encode(event, &mut out);
        String::from_utf8(out).unwrap()
    };
    events.iter().map(frame).collect()
}

/// Returns the members of each chunk beside its names.
fn chunks(events: &[Event]) -> Vec<Value> {
    let frames = frames(GEMINI_GENERATE, events).concat();
    let chunk = |frame: &str| {
        let mut chunk: Value = serde_json::from_str(frame.strip_prefix("data: ").unwrap()).unwrap();
        let members = chunk.as_object_mut().unwrap();
        members.remove("modelVersion");
        members.remove("responseId");
        chunk
    };
    frames.split_terminator("\n\n").map(chunk).collect()
}

fn start() -> Event {
    Event::Start { id: Some("r".to_owned()), model: Some("m".to_owned()) }
}

fn opened(part: u32, kind: PartKind) -> Event {
    Event::PartStart { choice: 0, part, kind }
}

fn grown(part: u32, delta: Delta) -> Event {
    Event::PartDelta { choice: 0, part, delta }
}

fn closed(part: u32) -> Event {
    Event::PartEnd { choice: 0, part }
}

fn call(id: &str, arguments: &str) -> Part {
    let (id, name, arguments) = (id.to_owned(), "look".to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, seal: None })
}

fn choice(parts: Vec<Part>, finish: FinishReason) -> Choice {
    Choice { parts, finish: finish.into(), logprobs: Vec::new() }
}

#[test]
fn a_whole_answer() {
    let seal = Some(Seal { dialect: Dialect::Gemini, data: "s".to_owned() });
    let image = Media {
        kind: MediaKind::Image,
        mime: Some("image/png".to_owned()),
        source: MediaSource::Base64("QUJD".to_owned()),
        detail: None,
        name: None,
    };
    let opaque = |dialect| Part::Opaque(Opaque { dialect, json: json!({"type": "own"}) });
    let parts = vec![
        Part::Reasoning(Reasoning { text: "Hm.".to_owned(), seal: seal.clone() }),
        Part::Text { text: String::new(), seal },
        call("c", "{\"a\":1}"),
        call("", "{\"a\""),
        Part::Media(image),
        opaque(Dialect::Gemini),
        opaque(Dialect::Anthropic),
    ];
    let response = Response {
        id: None,
        model: None,
        choices: vec![
            choice(parts, FinishReason::ToolCalls),
            choice(Vec::new(), FinishReason::ContentFilter),
        ],
        usage: Usage {
            input_tokens: Some(5),
            cache_read_tokens: Some(3),
            cache_write_tokens: Some(2),
            output_tokens: Some(9),
            reasoning_tokens: Some(4),
        },
    };
    let expected = json!({
        "candidates": [
            {"content": {"parts": [
                {"text": "Hm.", "thought": true, "thoughtSignature": "s"},
                {"text": "", "thoughtSignature": "s"},
                {"functionCall": {"id": "c", "name": "look", "args": {"a": 1}}},
                {"functionCall": {"name": "look", "args": {}}},
                {"inlineData": {"mimeType": "image/png", "data": "QUJD"}},
                {"type": "own"},
                {"text": "", "thought": true,
                 "thoughtSignature": STANDARD.encode("closedpaw:anthropic:block:{\"type\":\"own\"}")},
            ], "role": "model"}, "finishReason": "STOP", "index": 0},
            {"content": {"parts": [{"text": ""}], "role": "model"},
             "finishReason": "SAFETY", "index": 1},
        ],
        "usageMetadata": {
            "promptTokenCount": 10, "cachedContentTokenCount": 3, "candidatesTokenCount": 5,
            "thoughtsTokenCount": 4, "totalTokenCount": 19,
        },
        "modelVersion": "asked",
        "responseId": "echoed",
    });
    assert_eq!(whole(&response, "messages.tool_calls.arguments, messages.own"), expected);
}

#[test]
fn every_end_has_its_word() {
    for (reason, expected) in [
        (FinishReason::Stop, "STOP"),
        (FinishReason::StopSequence, "STOP"),
        (FinishReason::ToolCalls, "STOP"),
        (FinishReason::Length, "MAX_TOKENS"),
        (FinishReason::ContentFilter, "SAFETY"),
        (FinishReason::Other("pause_turn".to_owned()), "OTHER"),
    ] {
        let choices = vec![choice(Vec::new(), reason)];
        let answer = whole(&Response { choices, ..Response::default() }, "");
        assert_eq!(answer["candidates"][0]["finishReason"], expected);
        assert_eq!(answer.get("usageMetadata"), None);
    }
}

#[test]
fn likelihoods() {
    let token = |token: &str, logprob, top| TokenLogprob {
        token: token.to_owned(),
        logprob,
        bytes: Some(vec![1]),
        top,
    };
    let tokens = vec![
        token("a", -0.5, vec![token("a", -0.5, Vec::new()), token("b", -1.5, Vec::new())]),
        token("c", -2.5, Vec::new()),
    ];
    let expected = json!({
        "topCandidates": [
            {"candidates": [{"token": "a", "logProbability": -0.5},
                            {"token": "b", "logProbability": -1.5}]},
            {"candidates": []},
        ],
        "chosenCandidates": [{"token": "a", "logProbability": -0.5},
                             {"token": "c", "logProbability": -2.5}],
    });
    let choices =
        vec![Choice { logprobs: tokens.clone(), ..choice(Vec::new(), FinishReason::Stop) }];
    let answer = whole(&Response { choices, ..Response::default() }, "");
    assert_eq!(answer["candidates"][0]["logprobsResult"], expected);
    let streamed = chunks(&[start(), Event::Logprobs { choice: 0, tokens }]);
    assert_eq!(streamed[0]["candidates"][0]["logprobsResult"], expected);
}

#[test]
fn a_stream_says_what_is_new_and_calls_come_whole() {
    let seal = Seal { dialect: Dialect::Gemini, data: "s".to_owned() };
    let tool = |id: &str| PartKind::ToolCall { id: id.to_owned(), name: "look".to_owned() };
    let events = [
        start(),
        opened(0, PartKind::Reasoning),
        grown(0, Delta::Text("Hm.".to_owned())),
        grown(0, Delta::Seal(seal.clone())),
        closed(0),
        opened(1, tool("a")),
        opened(2, tool("")),
        grown(1, Delta::Arguments("{\"n\"".to_owned())),
        grown(2, Delta::Seal(seal)),
        grown(1, Delta::Arguments(":1}".to_owned())),
        closed(2),
        closed(1),
        Event::Finish { choice: 0, finish: FinishReason::ToolCalls.into() },
        Event::Usage(Usage { output_tokens: Some(3), ..Usage::default() }),
        opened(3, PartKind::Text),
        grown(3, Delta::Text("after".to_owned())),
        closed(3),
        Event::Stop,
        Event::Stop,
    ];
    let candidate =
        |part: Value| json!({"content": {"parts": [part], "role": "model"}, "index": 0});
    let chunk = |part: Value| json!({"candidates": [candidate(part)]});
    let counts = json!({"candidatesTokenCount": 3, "totalTokenCount": 3});
    let mut after = chunk(json!({"text": "after"}));
    after["usageMetadata"] = counts.clone();
    let mut last = chunk(json!({"text": ""}));
    last["usageMetadata"] = counts;
    last["candidates"][0]["finishReason"] = json!("STOP");
    let expected = [
        chunk(json!({"text": "Hm.", "thought": true})),
        chunk(json!({"text": "", "thought": true, "thoughtSignature": "s"})),
        chunk(json!({"functionCall": {"name": "look", "args": {}}, "thoughtSignature": "s"})),
        chunk(json!({"functionCall": {"id": "a", "name": "look", "args": {"n": 1}}})),
        after,
        last,
    ];
    assert_eq!(chunks(&events), expected);
    let named = frames(GEMINI_GENERATE, &events).concat();
    assert!(named.contains(r#""modelVersion":"m","responseId":"r""#));
}

#[test]
fn a_failure_is_told_within_the_stream_and_nothing_follows() {
    let fault = Fault::new(ErrorKind::Overloaded, "busy");
    let error = r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#;
    let text = [start(), opened(0, PartKind::Text), grown(0, Delta::Text("A".to_owned()))];
    let failed = [Event::Failed(fault), Event::Stop];
    let events = [text.as_slice(), &failed].concat();

    let sse = frames(GEMINI_GENERATE, &events);
    assert_eq!(sse[3], format!("data: {error}\n\n"));
    assert_eq!(sse[4], "");

    let array = frames(GEMINI_GENERATE_ARRAY, &events);
    assert!(array[2].starts_with("[{\"candidates\":"), "{}", array[2]);
    assert_eq!(array[3], format!(",\r\n{error}]"));
    assert_eq!(array[4], "");
    assert_eq!(frames(GEMINI_GENERATE_ARRAY, &failed)[0], format!("[{error}]"));
}

#[test]
fn an_array_is_whole_json_whatever_keeps_it_alive() {
    let mut encoder = GEMINI_GENERATE_ARRAY.stream_encoder(&Request::default(), &echo());
    let mut out = Vec::new();
    for event in [
        start(),
        opened(0, PartKind::Text),
        grown(0, Delta::Text("A".to_owned())),
        closed(0),
        Event::Stop,
    ] {
        out.extend_from_slice(encoder.keep_alive());
        encoder.encode(&event, &mut out);
    }
    out.extend_from_slice(encoder.keep_alive());
    let chunks: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(chunks.as_array().unwrap().len(), 2);
    assert_eq!(chunks[1]["candidates"][0]["finishReason"], "STOP");
    let sse = GEMINI_GENERATE.stream_encoder(&Request::default(), &echo());
    assert_eq!(sse.keep_alive(), b"\n", "SDKs read a comment as an error's beginning");
    assert_eq!(GEMINI_GENERATE_ARRAY.stream_type(), "application/json");
    assert_eq!(
        GEMINI_GENERATE_ARRAY.provider_target("m:1", true),
        "/models/m%3A1:streamGenerateContent",
    );
    assert_eq!(GEMINI_GENERATE_ARRAY.provider_target("m", false), "/models/m:generateContent");
}

#[test]
fn errors_have_the_canonical_codes() {
    for (status, kind, wait_ms, expected) in [
        (400, ErrorKind::InvalidRequest, None, "INVALID_ARGUMENT"),
        (400, ErrorKind::QuotaExhausted, None, "FAILED_PRECONDITION"),
        (401, ErrorKind::InvalidRequest, None, "UNAUTHENTICATED"),
        (403, ErrorKind::InvalidRequest, None, "PERMISSION_DENIED"),
        (404, ErrorKind::NotFound, None, "NOT_FOUND"),
        (409, ErrorKind::Conflict, None, "ABORTED"),
        (413, ErrorKind::TooLarge, None, "INVALID_ARGUMENT"),
        (422, ErrorKind::Unprocessable, None, "INVALID_ARGUMENT"),
        (429, ErrorKind::RateLimited, Some(34_500), "RESOURCE_EXHAUSTED"),
        (500, ErrorKind::Internal, None, "INTERNAL"),
        (502, ErrorKind::UpstreamFailed, None, "INTERNAL"),
        (503, ErrorKind::Overloaded, None, "UNAVAILABLE"),
        (504, ErrorKind::Timeout, None, "DEADLINE_EXCEEDED"),
    ] {
        // Delays are rounded up.
        let wait = wait_ms.map(|ms| Duration::from_millis(ms) - Duration::from_nanos(1));
        let fault = Fault::new(kind, "no").with_retry_after(wait);
        let body = GEMINI_GENERATE.encode_error(status, &fault, "id");
        let mut error = json!({"code": status, "message": "no", "status": expected});
        if wait.is_some() {
            error["details"] = json!([{
                "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.500s",
            }]);
        }
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), json!({"error": error}));
    }
}
