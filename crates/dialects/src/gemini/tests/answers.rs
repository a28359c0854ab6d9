//! Where things are, and how answers out of the ordinary are read.

use std::time::{Duration, UNIX_EPOCH};

use canonical::{
    Collector, ErrorKind, Event, EventChecker, Fault, FinishReason, Part, Response, Role,
    TokenLogprob, Usage,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Gemini, call, check_contents, turn};
use crate::{Codec, Credential, ErrorAnswer, ModelPage};

#[test]
fn a_model_cannot_change_the_target() {
    for (model, expected) in [
        ("gemini-2.5-flash", "/models/gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "/models/gemini-2.5-flash"),
        ("tunedModels/t1", "/tunedModels/t1"),
        ("tunedModels/../models/x?y", "/tunedModels/..%2Fmodels%2Fx%3Fy"),
        ("files/x", "/models/files%2Fx"),
        ("../../x", "/models/..%2F..%2Fx"),
        ("..", "/models/.."),
        ("a?key=b#c", "/models/a%3Fkey%3Db%23c"),
        ("a%2e\r\n:b é", "/models/a%252e%0D%0A%3Ab%20%C3%A9"),
    ] {
        assert_eq!(Gemini.chat_target(model, false), format!("{expected}:generateContent"));
        let streamed = format!("{expected}:streamGenerateContent?alt=sse");
        assert_eq!(Gemini.chat_target(model, true), streamed);
    }
    assert_eq!(Gemini.credential(), Credential { header: "x-goog-api-key", prefix: "" });
    assert_eq!(Gemini.probe_target(), "/models?pageSize=1");
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
    let delay = |delay: &str| {
        let info =
            json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay});
        said("RESOURCE_EXHAUSTED", "bad", json!([{"@type": "Help"}, info]))
    };
    for (status, body, kind, wait_ms) in [
        (429, delay("48s"), ErrorKind::RateLimited, Some(48_000)),
        (429, delay("0s"), ErrorKind::RateLimited, Some(0)),
        (429, delay("-3s"), ErrorKind::RateLimited, None),
        (429, delay("soon"), ErrorKind::RateLimited, None),
        (429, delay("1000000000000s"), ErrorKind::RateLimited, Some(3_600_000)),
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
        (504, said("DEADLINE_EXCEEDED", "bad", none()), ErrorKind::UpstreamFailed, None),
    ] {
        let bytes = body.to_string();
        let answer = ErrorAnswer {
            status,
            header: &|_| None,
            received_at: UNIX_EPOCH,
            body: bytes.as_bytes(),
        };
        let fault = Gemini.decode_error(&answer);
        assert_eq!((fault.kind, fault.upstream_status), (kind, Some(status)), "{body}");
        assert_eq!(fault.retry_after, wait_ms.map(Duration::from_millis));
        assert!(body.to_string().contains(&fault.public));
    }
    let answer =
        ErrorAnswer { status: 502, header: &|_| None, received_at: UNIX_EPOCH, body: b"<html>" };
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

fn sse(chunks: impl IntoIterator<Item = Value>) -> String {
    chunks.into_iter().map(|chunk| format!("data: {chunk}\r\n\r\n")).collect()
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
        {"text": "C", "thoughtSignature": "s4"},
        {"text": "D"},
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
    for stream in [sse([body]), sse(single) + &sse([chunk(json!([{"text": ""}]), json!("STOP"))])] {
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
    let answer = collected(&sse([
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
    let answer = collected(&sse([
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
    let fault = collected(&sse([first.clone()])).unwrap_err().unwrap();
    assert_eq!(fault.kind, ErrorKind::Truncated);
    let answer = collected(&sse([first, second])).unwrap();
    let parts: Vec<_> = answer.choices.iter().map(|choice| choice.parts.clone()).collect();
    assert_eq!(parts, [vec![Part::text("a")], vec![Part::text("bB")]]);
    assert_eq!(answer.choices[1].finish.reason, FinishReason::ContentFilter);
    let nonsense = json!({"candidates": [{"index": 4_000_000_000_u32}]});
    assert_eq!(collected(&sse([nonsense])).unwrap_err().unwrap().kind, ErrorKind::Malformed);
}

#[test]
fn a_blocked_prompt_is_an_empty_answer() {
    for feedback in [json!({"blockReason": "SAFETY"}), json!({"blockReasonMessage": "no"})] {
        let body = json!({"promptFeedback": feedback});
        for answer in [whole(&body).unwrap(), collected(&sse([body])).unwrap()] {
            assert_eq!(answer.text(), "");
            assert_eq!(answer.choices[0].finish.reason, FinishReason::ContentFilter);
        }
    }
    let unblocked = json!({"promptFeedback": {"safetyRatings": []}, "candidates": []});
    assert_eq!(whole(&unblocked).unwrap_err().kind, ErrorKind::Malformed);
}

#[test]
fn an_answer_fails_in_words() {
    let begun = sse([chunk(json!([{"text": "A"}]), json!("STOP"))]);
    let unfinished = sse([chunk(json!([{"text": "A"}]), Value::Null)]);
    let error = json!({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}});
    let pretty = serde_json::to_string_pretty(&error).unwrap();
    for (stream, kind, public) in [
        (begun.clone() + &sse([error.clone()]), ErrorKind::Overloaded, Some("busy")),
        (begun.clone() + &pretty, ErrorKind::Overloaded, Some("busy")),
        (begun.replace("\r\n", "\n") + &pretty, ErrorKind::Overloaded, Some("busy")),
        (begun.replace("\r\n", "\r") + &pretty, ErrorKind::Overloaded, Some("busy")),
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
    for body in [
        json!({}),
        json!([]),
        json!(null),
        json!({"candidates": 5}),
        json!({"candidates": [5]}),
        json!({"candidates": [{"content": 5}]}),
        json!({"candidates": [{"content": {"parts": 5}}]}),
    ] {
        assert_eq!(whole(&body).unwrap_err().kind, ErrorKind::Malformed);
    }
}

#[test]
fn a_last_chunk_may_lack_its_blank_line() {
    let stream = sse([chunk(json!([{"text": "A"}]), json!("STOP"))]);
    assert_eq!(collected(stream.trim_end()).unwrap().text(), "A");
}

#[test]
fn a_chunk_may_hold_an_image_but_not_the_world() {
    let image = |bytes| {
        let media = json!({"inlineData": {"mimeType": "image/png", "data": "A".repeat(bytes)}});
        sse([chunk(json!([media]), json!("STOP"))])
    };
    let fits = streamed(image(3 << 20).as_bytes(), 1 << 16);
    assert_eq!(fits.last(), Some(&Event::Stop));
    let too_large = streamed(image(33 << 20).as_bytes(), 1 << 20);
    assert!(
        matches!(too_large.as_slice(), [Event::Failed(fault)] if fault.kind == ErrorKind::Malformed)
    );
}

#[test]
fn likelihoods_are_read_alike_whole_and_streamed() {
    let mut body = chunk(json!([{"text": "A"}]), json!("STOP"));
    body["candidates"][0]["logprobsResult"] = json!({
        "logProbabilitySum": -1.0,
        "chosenCandidates": [{"token": "A", "tokenId": 5, "logProbability": -0.5}, {"tokenId": 6},
                             {"token": "B", "logProbability": -1}],
        "topCandidates": [{"candidates": [{"token": "A", "logProbability": -0.5},
                                          {"token": "a", "logProbability": -2.5}]}],
    });
    let answer = whole(&body).unwrap();
    let token = |token: &str, logprob, top| TokenLogprob {
        token: token.to_owned(),
        logprob,
        bytes: None,
        top,
    };
    let top = vec![token("A", -0.5, Vec::new()), token("a", -2.5, Vec::new())];
    assert_eq!(answer.choices[0].logprobs, [token("A", -0.5, top), token("B", -1.0, Vec::new())]);
    assert_eq!(collected(&sse([body])).unwrap(), answer);
}

#[test]
fn parts_are_bounded() {
    let code = json!({"executableCode": {"code": "1"}});
    let stream = sse([chunk(json!(vec![code; 5000]), json!("STOP"))]);
    assert_eq!(collected(&stream).unwrap_err().unwrap().kind, ErrorKind::Malformed);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        pieces in prop::collection::vec(
            prop_oneof![
                Just(sse([chunk(json!([{"text": "A"}]), json!("STOP"))]).into_bytes()),
                Just(sse([chunk(json!([{"functionCall": 1}, {"text": []}, 7]), json!(1))]).into_bytes()),
                Just(sse([json!({"candidates": [[]], "usageMetadata": 7})]).into_bytes()),
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
        Gemini.decode_error(&ErrorAnswer { status: 500, header: &|_| None, received_at: UNIX_EPOCH, body: &stream });
    }
}
