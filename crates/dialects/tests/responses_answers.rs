//! Answers in OpenAI Responses, as callers get them.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

use std::time::{Duration, UNIX_EPOCH};

use canonical::{
    Choice, Collector, Delta, Dialect, ErrorKind, Event, Fault, FinishReason, Losses, Opaque, Part,
    PartKind, Reasoning, Request, Response, Seal, TokenLogprob, Tool, ToolCall, Usage,
};
use dialects::{Echo, OPENAI_RESPONSES, codec};
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::fixtures;

fn decode(body: &Value) -> (Request, String) {
    let mut losses = Losses::default();
    let request = OPENAI_RESPONSES.decode_request(body.to_string().as_bytes(), &mut losses);
    (request.expect("a request"), losses.to_string())
}

fn echo() -> Echo {
    let created = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    Echo { model: "marsh/heron-1".to_owned(), created, id: "7".to_owned() }
}

fn whole(response: &Response, request: &Request) -> Value {
    let mut losses = Losses::default();
    let bytes = OPENAI_RESPONSES.encode_response(response, request, &echo(), &mut losses);
    serde_json::from_slice(&bytes).expect("an answer is JSON")
}

fn streamed(events: &[Event], request: &Request) -> Vec<u8> {
    let (mut encoder, mut out) = (OPENAI_RESPONSES.stream_encoder(request, &echo()), Vec::new());
    events.iter().for_each(|event| encoder.encode(event, &mut out));
    out
}

/// The events of a stream, whose names and numbers have to be right.
fn frames(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).expect("text");
    let mut frames: Vec<Value> = Vec::new();
    for frame in text.split_terminator("\n\n") {
        let (name, data) = frame.split_once('\n').expect("two lines");
        let data = data.strip_prefix("data: ").expect("data");
        let data: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        assert_eq!(data["sequence_number"], frames.len());
        frames.push(data);
    }
    frames
}

fn read_back(bytes: &[u8]) -> Result<Response, Fault> {
    let (mut decoder, mut events) = (codec(Dialect::OpenAiResponses).stream_decoder(), Vec::new());
    decoder.feed(bytes, &mut events);
    decoder.finish(&mut events);
    let mut collector = Collector::default();
    events.into_iter().for_each(|event| collector.push(event));
    collector.finish().map_err(|fault| fault.expect("the stream has an end"))
}

fn text(text: &str) -> Part {
    Part::text(text)
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    let (id, name, arguments) = (id.into(), name.into(), arguments.into());
    Part::ToolCall(ToolCall { id, name, arguments, seal: None })
}

fn response(parts: Vec<Part>, reason: FinishReason) -> Response {
    let usage = Usage { input_tokens: Some(12), output_tokens: Some(5), ..Usage::default() };
    let choice = Choice { parts, finish: reason.into(), logprobs: Vec::new() };
    let (id, model) = (Some("up-1".to_owned()), Some("heron-1".to_owned()));
    Response { id, model, choices: vec![choice], usage }
}

#[test]
fn every_seal_comes_home() {
    let seal = |dialect| Seal { dialect, data: "c2ln==".to_owned() };
    for dialect in Dialect::ALL {
        let block = Opaque { dialect, json: json!({ "type": "own" }) };
        let mut sealed = call("c", "tide", "{}");
        if let Part::ToolCall(call) = &mut sealed {
            call.seal = Some(seal(dialect));
        }
        let mut parts = vec![
            Part::Reasoning(Reasoning { text: "Hm.".to_owned(), seal: Some(seal(dialect)) }),
            Part::Reasoning(Reasoning { text: String::new(), seal: Some(seal(dialect)) }),
            Part::Text { text: "So.".to_owned(), seal: Some(seal(dialect)) },
            Part::Text { text: String::new(), seal: Some(seal(dialect)) },
            sealed,
        ];
        if dialect != Dialect::OpenAiResponses {
            parts.push(Part::Opaque(block));
        }
        let answer = whole(&response(parts.clone(), FinishReason::ToolCalls), &Request::default());
        let (request, losses) = decode(&json!({ "model": "m", "input": answer["output"] }));
        assert_eq!((&request.messages[0].parts, losses.as_str()), (&parts, ""), "{dialect}");
    }
}

fn tools() -> Request {
    let tool = |name: &str, freeform| Tool {
        name: name.to_owned(),
        description: None,
        parameters: None,
        strict: None,
        freeform,
    };
    Request { tools: vec![tool("tide", false), tool("patch", true)], ..Request::default() }
}

#[test]
fn items_stand_one_behind_the_other() {
    let open = |part, kind| Event::PartStart { choice: 0, part, kind };
    let tool = |id: &str, name: &str| PartKind::ToolCall { id: id.into(), name: name.into() };
    let grow = |part, delta| Event::PartDelta { choice: 0, part, delta };
    let arguments = |text: &str| Delta::Arguments(text.to_owned());
    let end = |part| Event::PartEnd { choice: 0, part };
    let events = [
        Event::Start { id: None, model: Some("heron-1".to_owned()) },
        open(0, PartKind::Text),
        grow(0, Delta::Text("So".to_owned())),
        open(1, tool("a", "tide")),
        grow(1, arguments("{\"x\"")),
        open(2, tool("", "patch")),
        grow(0, Delta::Text(".".to_owned())),
        grow(2, arguments("{\"input\":\"p")),
        end(0),
        grow(1, arguments(":1}")),
        grow(2, arguments("q\"}")),
        end(1),
        end(2),
        Event::Finish { choice: 0, finish: FinishReason::ToolCalls.into() },
        Event::Stop,
    ];
    let frames = frames(&streamed(&events, &tools()));
    let told = frames.iter().map(|frame| {
        let kind = frame["type"].as_str().expect("a type").trim_start_matches("response.");
        let index = frame["output_index"].as_u64().map(|index| index.to_string());
        let more = frame["delta"].as_str().unwrap_or_default();
        format!("{} {kind} {more}", index.unwrap_or_default()).trim().to_owned()
    });
    let expected = [
        "created",
        "in_progress",
        "0 output_item.added",
        "0 content_part.added",
        "0 output_text.delta So",
        "0 output_text.delta .",
        "0 output_text.done",
        "0 content_part.done",
        "0 output_item.done",
        "1 output_item.added",
        "1 function_call_arguments.delta {\"x\"",
        "1 function_call_arguments.delta :1}",
        "1 function_call_arguments.done",
        "1 output_item.done",
        "2 output_item.added",
        "2 custom_tool_call_input.delta pq",
        "2 custom_tool_call_input.done",
        "2 output_item.done",
        "completed",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let output = &frames.last().expect("an end")["response"]["output"];
    assert_eq!(output[1]["arguments"], "{\"x\":1}");
    assert_eq!((&output[2]["input"], &output[2]["call_id"]), (&json!("pq"), &json!("call_7_2")));
}

#[test]
fn a_failure_is_told_as_an_error_and_as_a_failed_answer() {
    let start = Event::Start { id: None, model: None };
    let failed = Event::Failed(Fault::new(ErrorKind::RateLimited, "slow down"));
    for events in [vec![failed.clone()], vec![start, failed, Event::Stop]] {
        let bytes = streamed(&events, &Request::default());
        let frames = frames(&bytes);
        let [.., error, end] = frames.as_slice() else { panic!("{frames:?}") };
        assert_eq!(
            (&error["type"], &error["error"]["message"]),
            (&json!("error"), &json!("slow down"))
        );
        assert_eq!(
            (&end["type"], &end["response"]["status"]),
            (&json!("response.failed"), &json!("failed"))
        );
        let fault = read_back(&bytes).expect_err("a failure");
        assert_eq!((fault.kind, fault.public.as_str()), (ErrorKind::RateLimited, "slow down"));
    }
}

#[test]
fn an_answer_that_was_cut_off_says_where() {
    for (reason, status, detail) in [
        (FinishReason::Length, "incomplete", json!({ "reason": "max_output_tokens" })),
        (FinishReason::ContentFilter, "incomplete", json!({ "reason": "content_filter" })),
        (FinishReason::Stop, "completed", json!(null)),
    ] {
        let answer = whole(&response(vec![text("a"), text("b")], reason), &Request::default());
        assert_eq!((&answer["status"], &answer["incomplete_details"]), (&json!(status), &detail));
        let items = (&answer["output"][0]["status"], &answer["output"][1]["status"]);
        assert_eq!(items, (&json!("completed"), &json!(status)));
    }
}

#[test]
fn tokens_are_told_with_their_text() {
    let token = TokenLogprob { token: "So".into(), logprob: -0.5, ..TokenLogprob::default() };
    let mut answer = response(vec![text("So"), call("a", "tide", "{}")], FinishReason::ToolCalls);
    answer.choices[0].logprobs = vec![token];
    let json = whole(&answer, &Request::default());
    let read = codec(Dialect::OpenAiResponses).decode_response(json.to_string().as_bytes());
    assert_eq!(read.expect("an answer").choices[0].logprobs.len(), 1);
    assert_eq!(json["output"][0]["content"][0]["logprobs"][0]["token"], "So");
}

/// Answers of the extra cases, written for a caller and read again.
#[test]
fn recorded_answers_come_back() {
    let (request, mut checked) = (Request::default(), 0);
    let Some(cases) = fixtures::extra("openai") else {
        println!("no extra cases: CLOSEDPAW_EXTRA_CASES is not set");
        return;
    };
    for case in cases.iter().filter(|case| case.api.as_deref() == Some("responses")) {
        let read = match case.is_stream {
            true => read_back(&case.body),
            false => codec(Dialect::OpenAiResponses).decode_response(&case.body),
        };
        let Ok(mut original) = read else { continue };
        original.id = Some("resp_7".to_owned());
        original.model.get_or_insert_with(|| echo().model);
        // Here all counts are told or none.
        if original.usage != Usage::default() {
            original.usage.cache_read_tokens.get_or_insert(0);
            original.usage.cache_write_tokens.get_or_insert(0);
        }
        let again = codec(Dialect::OpenAiResponses)
            .decode_response(whole(&original, &request).to_string().as_bytes());
        assert_eq!(again.as_ref(), Ok(&original), "{}", case.name);
        let again = read_back(&streamed(&Vec::from(original.clone()), &request));
        assert_eq!(again, Ok(original), "{}", case.name);
        checked += 1;
    }
    assert!(checked > 0);
}

fn any_part() -> impl Strategy<Value = Part> {
    let words = "[a-zé\\n\" ]{1,20}";
    prop_oneof![
        words.prop_map(Part::text),
        (words, any::<bool>()).prop_map(|(text, is_sealed)| {
            let seal = Seal { dialect: Dialect::OpenAiResponses, data: "c2VhbA==".to_owned() };
            Part::Reasoning(Reasoning { text, seal: is_sealed.then_some(seal) })
        }),
        "[a-z]{1,4}".prop_map(|id| call(&id, "tide", "{\"x\":1}")),
        words.prop_map(|input| call("c", "patch", &json!({ "input": input }).to_string())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_whole_answer_and_a_streamed_one_agree(
        parts in prop::collection::vec(any_part(), 0..6),
        is_cut in any::<bool>(),
    ) {
        let has_call = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
        let reason = match (is_cut, has_call) {
            (true, _) => FinishReason::Length,
            (false, true) => FinishReason::ToolCalls,
            (false, false) => FinishReason::Stop,
        };
        let mut expected = response(parts, reason);
        expected.id = Some("resp_7".to_owned());
        expected.usage.cache_read_tokens = Some(0);
        expected.usage.cache_write_tokens = Some(0);
        expected.usage.reasoning_tokens = Some(0);
        let bytes = streamed(&Vec::from(expected.clone()), &tools());
        frames(&bytes);
        prop_assert_eq!(read_back(&bytes), Ok(expected.clone()));
        let json = whole(&expected, &tools()).to_string();
        let read = codec(Dialect::OpenAiResponses).decode_response(json.as_bytes());
        prop_assert_eq!(read, Ok(expected));
    }
}
