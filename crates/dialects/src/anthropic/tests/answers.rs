//! Where things are, and how answers out of the ordinary are read.

use std::time::{Duration, UNIX_EPOCH};

use canonical::{
    Collector, Dialect, ErrorKind, Event, EventChecker, Fault, FinishReason, Opaque, Part,
    Reasoning, Request, Response, Role,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Anthropic, call, check, request, seal, turn};
use crate::{Codec, Credential, ErrorAnswer, ModelPage};

#[test]
fn targets() {
    assert_eq!(Anthropic.chat_target("../x?#", true), "/messages");
    assert_eq!(Anthropic.credential(), Credential { header: "x-api-key", prefix: "" });
    assert_eq!(Anthropic.fixed_headers(), [("anthropic-version", "2023-06-01")]);
    assert_eq!(Anthropic.probe_target(), "/models?limit=1");
    assert_eq!(Anthropic.models_target(None), "/models?limit=1000");
    assert_eq!(
        Anthropic.models_target(Some("a&b=%\r\n")),
        "/models?limit=1000&after_id=a%26b%3D%25%0D%0A"
    );
}

#[test]
fn models_come_in_pages() {
    let page = |body: Value| Anthropic.decode_models(body.to_string().as_bytes());
    let data = json!([{"id": "a"}, {"id": "b"}, {"type": "model"}]);
    let ids = vec!["a".to_owned(), "b".to_owned()];
    for (has_more, next) in [(true, Some("b".to_owned())), (false, None)] {
        let body = json!({"data": data, "has_more": has_more, "last_id": "b"});
        assert_eq!(page(body), Ok(ModelPage { ids: ids.clone(), next }));
    }
    assert!(page(json!({"models": []})).is_err());
    assert!(Anthropic.decode_models(b"<html>").is_err());
}

#[test]
fn errors_are_told_apart() {
    let fault = |status, body: &str| {
        let header = |name: &str| (name == "retry-after").then_some("7");
        Anthropic.decode_error(&ErrorAnswer {
            status,
            header: &header,
            received_at: UNIX_EPOCH,
            body: body.as_bytes(),
        })
    };
    let said = |kind: &str, message: &str| {
        json!({"type": "error", "error": {"type": kind, "message": message}}).to_string()
    };
    let low = "Your credit balance is too low to access the API.";
    for (status, body, kind, public) in [
        (400, said("invalid_request_error", "bad"), ErrorKind::InvalidRequest, "bad"),
        (400, said("invalid_request_error", low), ErrorKind::QuotaExhausted, low),
        (401, said("authentication_error", "bad key"), ErrorKind::KeyRefused, "bad key"),
        (402, said("billing_error", "pay"), ErrorKind::QuotaExhausted, "pay"),
        (403, said("forbidden", "no"), ErrorKind::KeyRefused, "no"),
        (413, said("invalid_request_error", "big"), ErrorKind::TooLarge, "big"),
        (413, "<html>".to_owned(), ErrorKind::TooLarge, "HTTP 413 without a message"),
        (529, said("overloaded_error", "later"), ErrorKind::Overloaded, "later"),
        (500, said("unheard_of", "oh"), ErrorKind::UpstreamFailed, "oh"),
        (504, said("timeout_error", "slow"), ErrorKind::UpstreamFailed, "slow"),
        (400, said("not_found_error", "gone"), ErrorKind::InvalidRequest, "gone"),
        (502, " bad gateway\n".to_owned(), ErrorKind::UpstreamFailed, "bad gateway"),
        (302, String::new(), ErrorKind::UpstreamFailed, "HTTP 302 without a message"),
    ] {
        let fault = fault(status, &body);
        assert_eq!((fault.kind, fault.public.as_str()), (kind, public), "{status} {body}");
        assert_eq!(fault.upstream_status, Some(status));
        assert_eq!(fault.retry_after, Some(Duration::from_secs(7)));
    }
}

#[test]
fn an_answer_is_replayed_as_it_came() {
    let content = json!([
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "redacted_thinking", "data": "zz"},
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"q": "x"}},
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "t1", "name": "look", "input": {"b": 1, "a": [2]}},
    ]);
    let body = json!({"type": "message", "content": content, "stop_reason": "tool_use"});
    let answer = Anthropic.decode_response(body.to_string().as_bytes()).unwrap();
    let parts = answer.choices.into_iter().next().unwrap().parts;
    let request = Request { messages: vec![turn(Role::Assistant, parts)], ..request() };
    check(&request, json!({"messages": [{"role": "assistant", "content": content}]}), "");
}

#[test]
fn an_error_is_no_answer() {
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}});
    let fault = Anthropic.decode_response(error.to_string().as_bytes()).unwrap_err();
    assert_eq!((fault.kind, fault.public.as_str()), (ErrorKind::Overloaded, "busy"));
    for body in [
        "",
        "[]",
        "{}",
        "null",
        "<html>",
        r#"{"type":"message","content":5}"#,
        r#"{"type":"message","content":null}"#,
        r#"{"type":"message"}"#,
    ] {
        let fault = Anthropic.decode_response(body.as_bytes()).unwrap_err();
        assert_eq!(fault.kind, ErrorKind::Malformed, "{body}");
    }
}

/// Decodes a stream in chunks of `size` bytes.
fn streamed(stream: &[u8], size: usize) -> Vec<Event> {
    let mut decoder = Anthropic.stream_decoder();
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

fn sse(datas: impl IntoIterator<Item = Value>) -> String {
    datas.into_iter().map(|data| format!("event: x\ndata: {data}\n\n")).collect()
}

fn opened(index: u64, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn grown(index: u64, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

#[test]
fn a_stream_is_read_with_its_irregularities() {
    let start = json!({"type": "message_start", "message": {"id": "1", "model": "m"}});
    let text = opened(0, json!({"type": "text", "text": "A"}));
    let tool = json!({"type": "tool_use", "id": "t", "name": "look", "input": {}});
    let search = json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}});
    let json_delta = |json: &str| json!({"type": "input_json_delta", "partial_json": json});
    let answer = collected(&sse([
        start.clone(),
        start,
        json!({"type": "ping"}),
        text,
        grown(0, json!({"type": "text_delta", "text": "B"})),
        grown(0, json!({"type": "citations_delta", "citation": {}})),
        json!({"type": "content_block_stop", "index": 0}),
        opened(1, search),
        grown(1, json_delta("{\"q\":")),
        grown(1, json_delta("\"x\"}")),
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "unheard_of"}),
        opened(2, tool.clone()),
        grown(2, json_delta("")),
        opened(3, tool),
        grown(3, json_delta("{\"n\":1}")),
        opened(4, json!({"type": "thinking", "thinking": "", "signature": ""})),
        grown(4, json!({"type": "thinking_delta", "thinking": "Hm."})),
        grown(4, json!({"type": "signature_delta", "signature": "sealed"})),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
               "usage": {"output_tokens": 5}}),
        json!({"type": "message_stop"}),
        json!({"type": "error", "error": {"message": "too late"}}),
    ]))
    .unwrap();
    let search =
        json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": "x"}});
    assert_eq!(
        answer.choices[0].parts,
        [
            Part::text("AB"),
            Part::Opaque(Opaque { dialect: Dialect::Anthropic, json: search }),
            call("t", "{}"),
            call("t", "{\"n\":1}"),
            Part::Reasoning(Reasoning { text: "Hm.".to_owned(), seal: seal(Dialect::Anthropic) }),
        ]
    );
    assert_eq!(answer.choices[0].finish.reason, FinishReason::ToolCalls);
    assert_eq!(answer.usage.output_tokens, Some(5));
}

#[test]
fn a_stream_fails_in_words() {
    let text = opened(0, json!({"type": "text", "text": "A"}));
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}});
    for (stream, kind, public) in [
        (sse([text.clone(), error]), ErrorKind::Overloaded, Some("busy")),
        ("event: error\ndata: gone\n\n".to_owned(), ErrorKind::UpstreamFailed, Some("gone")),
        (sse([text.clone()]), ErrorKind::Truncated, None),
        (String::new(), ErrorKind::Truncated, None),
        (sse([text.clone()]) + "data: {\"type\":\"mess", ErrorKind::Truncated, None),
        (sse([text.clone()]) + "data: {\n\n", ErrorKind::Malformed, None),
        (sse([text, grown(1, json!({}))]), ErrorKind::Malformed, None),
        (format!("data: {}\n\n", "x".repeat(2 << 20)), ErrorKind::Malformed, None),
    ] {
        let fault = collected(&stream).unwrap_err().unwrap();
        assert_eq!(fault.kind, kind, "{}", stream.get(..200).unwrap_or(&stream));
        assert_eq!(fault.public, public.unwrap_or(&fault.public));
    }
}

#[test]
fn a_stream_may_lack_its_start() {
    let counted = json!({"type": "message_delta", "usage": {"output_tokens": 5}});
    let answer = collected(&sse([counted, json!({"type": "message_stop"})])).unwrap();
    assert_eq!(answer.usage.output_tokens, Some(5));
}

#[test]
fn a_last_event_may_lack_its_blank_line() {
    let stream = sse([json!({"type": "message_stop"})]);
    assert_eq!(collected(stream.trim_end()).unwrap().text(), "");
}

#[test]
fn blocks_are_bounded() {
    let stream = sse(vec![opened(0, json!({"type": "text", "text": "A"})); 5000]);
    assert_eq!(collected(&stream).unwrap_err().unwrap().kind, ErrorKind::Malformed);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        pieces in prop::collection::vec(
            prop_oneof![
                Just(sse([opened(0, json!({"type": "text"}))]).into_bytes()),
                Just(sse([grown(0, json!({"text": 1, "partial_json": []}))]).into_bytes()),
                Just(sse([json!({"type": "message_delta", "delta": [], "usage": {"output_tokens": 7}})]).into_bytes()),
                Just(sse([json!({"type": "message_stop"})]).into_bytes()),
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
        let _ = Anthropic.decode_response(&stream);
        let _ = Anthropic.decode_models(&stream);
        Anthropic.decode_error(&ErrorAnswer { status: 500, header: &|_| None, received_at: UNIX_EPOCH, body: &stream });
    }
}
