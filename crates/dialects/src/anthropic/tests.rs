//! What requests become, and how answers out of the ordinary are read.

use std::time::Duration;

use canonical::{
    Collector, Dialect, Effort, ErrorKind, Event, EventChecker, Fault, FinishReason, Losses, Media,
    MediaKind, MediaSource, Message, Opaque, OutputFormat, Part, Reasoning, ReasoningControl,
    Request, Response, Role, Sampling, Seal, Tool, ToolCall, ToolChoice, ToolResult,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Anthropic;
use crate::{Codec, ErrorAnswer, ModelPage, Quirks};

fn encoded(request: &Request) -> (Value, String) {
    let mut losses = Losses::default();
    let body = Anthropic.encode_request(request, &Quirks::COMPATIBLE, &mut losses);
    (serde_json::from_slice(&body).unwrap(), losses.to_string())
}

/// Checks the members that a request gets beside `model`, `max_tokens` and an empty `messages`.
#[track_caller]
fn check(request: &Request, expected: Value, lost: &str) {
    let mut all = json!({"model": "m", "max_tokens": 4096, "messages": []});
    all.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
    assert_eq!(encoded(request), (all, lost.to_owned()));
}

fn request() -> Request {
    Request { model: "m".to_owned(), ..Request::default() }
}

fn turn(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

fn seal(dialect: Dialect) -> Option<Seal> {
    Some(Seal { dialect, data: "sealed".to_owned() })
}

fn call(id: &str, arguments: &str) -> Part {
    let (id, name, arguments) = (id.to_owned(), "look".to_owned(), arguments.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments, seal: None })
}

fn result(call_id: &str, content: Vec<Part>, is_error: bool) -> Part {
    Part::ToolResult(ToolResult { call_id: call_id.to_owned(), name: None, content, is_error })
}

fn media(kind: MediaKind, source: MediaSource) -> Part {
    Part::Media(Media { kind, mime: None, source, detail: None, name: Some("plan".to_owned()) })
}

#[test]
fn instructions_stand_before_the_conversation() {
    let request = Request {
        system: vec![Part::text("Be brief.")],
        messages: vec![
            turn(Role::System, vec![Part::text("Be kind.")]),
            turn(Role::User, vec![Part::text("Hi")]),
        ],
        ..request()
    };
    let text = |text: &str| json!({"type": "text", "text": text});
    let expected = json!({
        "system": [text("Be brief."), text("Be kind.")],
        "messages": [{"role": "user", "content": [text("Hi")]}],
    });
    check(&request, expected.clone(), "");

    let late = Request { messages: request.messages.into_iter().rev().collect(), ..request };
    check(&late, expected, "messages.system_position");
}

#[test]
fn turns_of_one_role_are_one_message_with_results_first() {
    let request = Request {
        messages: vec![
            turn(Role::User, vec![Part::text("a")]),
            turn(Role::User, vec![Part::text(""), Part::text("b")]),
            turn(Role::Assistant, vec![call("x.1", "{\"n\":1}"), call("", "")]),
            turn(Role::User, vec![Part::text("done?"), result("x.1", vec![], false)]),
            turn(Role::User, vec![result("", vec![Part::text("no")], true)]),
            turn(Role::Assistant, vec![]),
        ],
        ..request()
    };
    let expected = json!({"messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "a"}, {"type": "text", "text": "b"},
        ]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "x_2e1", "name": "look", "input": {"n": 1}},
            {"type": "tool_use", "id": "call_2", "name": "look", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "x_2e1"},
            {"type": "tool_result", "tool_use_id": "call_2", "is_error": true,
             "content": [{"type": "text", "text": "no"}]},
            {"type": "text", "text": "done?"},
        ]},
    ]});
    check(&request, expected, "");
}

#[test]
fn media_go_by_value_and_by_address() {
    let data = || MediaSource::Base64("QUJD".to_owned());
    let url = || MediaSource::Url("https://example.com/a".to_owned());
    let request = Request {
        messages: vec![turn(
            Role::User,
            vec![
                media(MediaKind::Image, data()),
                media(MediaKind::Image, url()),
                media(MediaKind::Document, data()),
                media(MediaKind::Document, url()),
                media(MediaKind::Audio, data()),
                result("c", vec![media(MediaKind::Image, url())], false),
            ],
        )],
        ..request()
    };
    let base64 = |mime: &str| json!({"type": "base64", "media_type": mime, "data": "QUJD"});
    let url = json!({"type": "url", "url": "https://example.com/a"});
    let expected = json!({"messages": [{"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "image", "source": url}]},
        {"type": "image", "source": base64("image/png")},
        {"type": "image", "source": url},
        {"type": "document", "source": base64("application/pdf"), "title": "plan"},
        {"type": "document", "source": url, "title": "plan"},
    ]}]});
    check(&request, expected, "messages.audio");
}

#[test]
fn seals_and_opaque_blocks_go_home_only() {
    let opaque = |dialect| {
        Part::Opaque(Opaque { dialect, json: json!({"type": "redacted_thinking", "data": "zz"}) })
    };
    let thought = |seal| Part::Reasoning(Reasoning { text: "Hm.".to_owned(), seal });
    let home = Request {
        messages: vec![turn(
            Role::Assistant,
            vec![thought(seal(Dialect::Anthropic)), opaque(Dialect::Anthropic)],
        )],
        ..request()
    };
    let expected = json!({"messages": [{"role": "assistant", "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "sealed"},
        {"type": "redacted_thinking", "data": "zz"},
    ]}]});
    check(&home, expected, "");

    let foreign = Request {
        messages: vec![turn(
            Role::Assistant,
            vec![
                thought(seal(Dialect::Gemini)),
                thought(None),
                opaque(Dialect::Gemini),
                Part::Text { text: "Hi".to_owned(), seal: seal(Dialect::Gemini) },
            ],
        )],
        ..request()
    };
    let expected = json!({"messages": [{"role": "assistant", "content": [
        {"type": "text", "text": "Hi"},
    ]}]});
    check(&foreign, expected, "messages.reasoning, messages.redacted_thinking, messages.seal");
}

#[test]
fn tools_and_their_choice() {
    let tool = |name: &str, parameters| Tool {
        name: name.to_owned(),
        description: None,
        parameters,
        strict: None,
    };
    let with = |tool_choice, parallel_tool_calls| Request {
        tools: vec![
            tool("a", None),
            Tool {
                description: Some("Adds.".to_owned()),
                strict: Some(true),
                ..tool("b", Some(json!({"type": "object", "properties": {}})))
            },
        ],
        tool_choice,
        parallel_tool_calls,
        ..request()
    };
    let declared = json!([
        {"name": "a", "input_schema": {"type": "object"}},
        {"name": "b", "description": "Adds.", "strict": true,
         "input_schema": {"type": "object", "properties": {}}},
    ]);
    for (choice, parallel, expected) in [
        (None, None, Value::Null),
        (None, Some(true), Value::Null),
        (None, Some(false), json!({"type": "auto", "disable_parallel_tool_use": true})),
        (Some(ToolChoice::Auto), None, json!({"type": "auto"})),
        (Some(ToolChoice::None), Some(false), json!({"type": "none"})),
        (
            Some(ToolChoice::Required),
            Some(false),
            json!({"type": "any", "disable_parallel_tool_use": true}),
        ),
        (Some(ToolChoice::Tool("b".into())), None, json!({"type": "tool", "name": "b"})),
    ] {
        let mut members = json!({"tools": declared});
        if !expected.is_null() {
            members["tool_choice"] = expected;
        }
        check(&with(choice, parallel), members, "");
    }
    let toolless = |tool_choice| Request {
        tool_choice: Some(tool_choice),
        parallel_tool_calls: Some(false),
        ..request()
    };
    check(&toolless(ToolChoice::Required), json!({}), "tool_choice");
    check(&toolless(ToolChoice::None), json!({}), "");
}

#[test]
fn sampling_is_clamped_and_the_unsayable_is_noted() {
    let sampling = Sampling {
        temperature: Some(1.5),
        top_p: Some(0.5),
        top_k: Some(40),
        max_tokens: Some(100),
        seed: Some(1),
        presence_penalty: Some(0.1),
        frequency_penalty: Some(0.2),
        choices: Some(2),
        logprobs: Some(0),
    };
    let members = json!({
        "max_tokens": 100, "temperature": 1.0, "top_p": 0.5, "top_k": 40,
        "stop_sequences": ["END"], "stream": true,
    });
    let plain = Request {
        sampling: sampling.clone(),
        stop: vec!["END".to_owned(), "\n\n".to_owned()],
        stream: true,
        ..request()
    };
    let unsayable = "seed, presence_penalty, frequency_penalty, n, logprobs";
    check(&plain, members, &format!("temperature, stop, {unsayable}"));

    let reasoning = ReasoningControl { effort: Some(Effort::High), ..ReasoningControl::default() };
    let thinking = Request { sampling, reasoning, ..request() };
    let members = json!({
        "max_tokens": 100, "temperature": 1.0,
        "thinking": {"type": "adaptive"}, "output_config": {"effort": "high"},
    });
    check(&thinking, members, &format!("temperature, top_p, top_k, {unsayable}"));
}

#[test]
fn json_needs_a_schema() {
    let schema = json!({"type": "object"});
    let output = OutputFormat::JsonSchema { name: None, schema: schema.clone(), strict: None };
    let format = json!({"type": "json_schema", "schema": schema});
    check(&Request { output, ..request() }, json!({"output_config": {"format": format}}), "");
    check(&Request { output: OutputFormat::Json, ..request() }, json!({}), "response_format");
}

#[test]
fn extras_go_home_only_and_never_over_our_own() {
    let extras = json!({"service_tier": "auto", "max_tokens": 1}).as_object().unwrap().clone();
    let with = |dialect| Request { extras: Some((dialect, extras.clone())), ..request() };
    check(&with(Dialect::Anthropic), json!({"service_tier": "auto"}), "max_tokens");
    check(&with(Dialect::Gemini), json!({}), "service_tier, max_tokens");
}

#[test]
fn targets() {
    assert_eq!(Anthropic.chat_target("../x?#", true), "/messages");
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
        Anthropic.decode_error(&ErrorAnswer { status, header: &header, body: body.as_bytes() })
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
    for body in ["", "[]", "{}", "null", "<html>"] {
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

fn sse(datas: &[Value]) -> String {
    datas.iter().map(|data| format!("event: x\ndata: {data}\n\n")).collect()
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
    let answer = collected(&sse(&[
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
        (sse(&[text.clone(), error]), ErrorKind::Overloaded, Some("busy")),
        ("event: error\ndata: gone\n\n".to_owned(), ErrorKind::UpstreamFailed, Some("gone")),
        (sse(&[text.clone()]), ErrorKind::Truncated, None),
        (String::new(), ErrorKind::Truncated, None),
        (sse(&[text.clone()]) + "data: {\"type\":\"mess", ErrorKind::Truncated, None),
        (sse(&[text.clone()]) + "data: {\n\n", ErrorKind::Malformed, None),
        (sse(&[text, grown(1, json!({}))]), ErrorKind::Malformed, None),
        (format!("data: {}\n\n", "x".repeat(2 << 20)), ErrorKind::Malformed, None),
    ] {
        let fault = collected(&stream).unwrap_err().unwrap();
        assert_eq!(fault.kind, kind, "{}", stream.get(..200).unwrap_or(&stream));
        assert_eq!(fault.public, public.unwrap_or(&fault.public));
    }
}

#[test]
fn a_last_event_may_lack_its_blank_line() {
    let stream = sse(&[json!({"type": "message_stop"})]);
    assert_eq!(collected(stream.trim_end()).unwrap().text(), "");
}

#[test]
fn blocks_are_bounded() {
    let stream = sse(&vec![opened(0, json!({"type": "text", "text": "A"})); 5000]);
    assert_eq!(collected(&stream).unwrap_err().unwrap().kind, ErrorKind::Malformed);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        pieces in prop::collection::vec(
            prop_oneof![
                Just(sse(&[opened(0, json!({"type": "text"}))]).into_bytes()),
                Just(sse(&[grown(0, json!({"text": 1, "partial_json": []}))]).into_bytes()),
                Just(sse(&[json!({"type": "message_delta", "delta": [], "usage": 7})]).into_bytes()),
                Just(sse(&[json!({"type": "message_stop"})]).into_bytes()),
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
        Anthropic.decode_error(&ErrorAnswer { status: 500, header: &|_| None, body: &stream });
    }
}
