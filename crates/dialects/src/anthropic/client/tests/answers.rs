//! How answers out of the ordinary are told, whole and streamed.

use canonical::{
    Choice, Delta, Dialect, ErrorKind, Event, Fault, FinishReason, Losses, Media, MediaKind,
    MediaSource, Opaque, Part, PartKind, Reasoning, Request, Response, Seal, Usage,
};
use serde_json::{Value, json};

use super::{ChatEndpoint, Messages, call, echo, seal};

fn response(parts: Vec<Part>, finish: FinishReason) -> Response {
    let choices = vec![Choice { parts, finish: finish.into(), logprobs: Vec::new() }];
    Response { choices, ..Response::default() }
}

/// Writes a whole answer.
fn whole(response: &Response) -> (Value, String) {
    let mut losses = Losses::default();
    let request = Request::default();
    let body = Messages.encode_response(response, &request, &echo(), &mut losses);
    (serde_json::from_slice(&body).unwrap(), losses.to_string())
}

/// Writes events, and returns the data of the frames; their names have to be their types.
fn told(events: &[Event]) -> Vec<Value> {
    let mut encoder = Messages.stream_encoder(&Request::default(), &echo());
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.encode(event, &mut out));
    let frames = String::from_utf8(out).unwrap();
    let frame = |frame: &str| {
        let (name, data) = frame.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(name, format!("event: {}", data["type"].as_str().unwrap()));
        data
    };
    frames.split_terminator("\n\n").map(frame).collect()
}

fn start() -> Event {
    Event::Start { id: Some("theirs".to_owned()), model: None }
}

fn open(part: u32, kind: PartKind) -> Event {
    Event::PartStart { choice: 0, part, kind }
}

fn open_call(part: u32, id: &str) -> Event {
    open(part, PartKind::ToolCall { id: id.to_owned(), name: "look".to_owned() })
}

fn grow(part: u32, delta: Delta) -> Event {
    Event::PartDelta { choice: 0, part, delta }
}

fn text(part: u32, text: &str) -> Event {
    grow(part, Delta::Text(text.to_owned()))
}

fn arguments(part: u32, text: &str) -> Event {
    grow(part, Delta::Arguments(text.to_owned()))
}

fn close(part: u32) -> Event {
    Event::PartEnd { choice: 0, part }
}

fn block_start(index: u64, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn block_delta(index: u64, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn block_stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn tool_use(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "look", "input": {}})
}

fn json_delta(text: &str) -> Value {
    json!({"type": "input_json_delta", "partial_json": text})
}

/// Checks the frames between `message_start` and the end.
#[track_caller]
fn check_blocks(events: Vec<Event>, expected: Vec<Value>) {
    let events: Vec<_> = [start()].into_iter().chain(events).chain([Event::Stop]).collect();
    let frames = told(&events);
    let (first, rest) = frames.split_first().unwrap();
    assert_eq!(first["type"], "message_start");
    let (blocks, end) = rest.split_at(rest.len() - 2);
    assert_eq!(blocks, expected);
    assert_eq!([&end[0]["type"], &end[1]["type"]], ["message_delta", "message_stop"]);
}

#[test]
fn an_answer_has_every_member_that_callers_read() {
    let usage = Usage { input_tokens: Some(5), reasoning_tokens: Some(2), ..Usage::default() };
    let answer = Response { usage, ..response(vec![Part::text("Hi")], FinishReason::Stop) };
    let expected = json!({
        "id": "msg_7f", "type": "message", "role": "assistant", "model": "asked",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {
            "input_tokens": 5, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
            "output_tokens": 0, "output_tokens_details": {"thinking_tokens": 2},
        },
    });
    assert_eq!(whole(&answer), (expected, String::new()));
    let (nothing, _) = whole(&Response::default());
    assert_eq!((&nothing["content"], &nothing["stop_reason"]), (&json!([]), &json!("end_turn")));
}

#[test]
fn every_reason_to_end_has_a_word() {
    for (reason, expected, lost) in [
        (FinishReason::Stop, "end_turn", ""),
        (FinishReason::StopSequence, "stop_sequence", ""),
        (FinishReason::Length, "max_tokens", ""),
        (FinishReason::ToolCalls, "tool_use", ""),
        (FinishReason::ContentFilter, "refusal", ""),
        (FinishReason::Other("OTHER".to_owned()), "end_turn", "stop_reason"),
    ] {
        let (message, losses) = whole(&response(vec![], reason));
        assert_eq!((message["stop_reason"].as_str(), losses.as_str()), (Some(expected), lost));
    }
}

#[test]
fn what_the_dialect_cannot_say_is_noted() {
    let media = Media {
        kind: MediaKind::Image,
        mime: None,
        source: MediaSource::Base64("QUJD".to_owned()),
        detail: None,
        name: None,
    };
    let opaque = |dialect| Part::Opaque(Opaque { dialect, json: json!({"type": "own"}) });
    let parts = vec![
        Part::Media(media),
        opaque(Dialect::Gemini),
        opaque(Dialect::Anthropic),
        Part::Text { text: String::new(), seal: seal(Dialect::Gemini) },
        call("", "[1]", None),
    ];
    let (message, losses) = whole(&response(parts.clone(), FinishReason::Stop));
    assert_eq!(message["content"], json!([{"type": "own"}, tool_use("call_7f_1")]));
    let expected = "messages.image, messages.own, messages.seal, messages.tool_calls.arguments";
    assert_eq!(losses, expected);

    let events = Vec::<Event>::from(response(parts, FinishReason::Stop));
    let expected = vec![
        block_start(0, json!({"type": "own"})),
        block_stop(0),
        block_start(1, tool_use("call_7f_1")),
        block_stop(1),
    ];
    check_blocks(events.get(1..events.len() - 1).unwrap().to_vec(), expected);
}

#[test]
fn blocks_do_not_interleave() {
    let events = vec![
        open(0, PartKind::Text),
        text(0, "Lo"),
        open_call(1, "a.1"),
        open_call(2, "b"),
        arguments(2, "{}"),
        arguments(1, "{\"n\""),
        close(2),
        text(0, "ok"),
        close(0),
        arguments(1, ":1}"),
        close(1),
    ];
    let delta = |text: &str| json!({"type": "text_delta", "text": text});
    let expected = vec![
        block_start(0, json!({"type": "text", "text": ""})),
        block_delta(0, delta("Lo")),
        block_delta(0, delta("ok")),
        block_stop(0),
        block_start(1, tool_use("toolu_b64_YS4x")),
        block_delta(1, json_delta("{\"n\":1}")),
        block_stop(1),
        block_start(2, tool_use("b")),
        block_delta(2, json_delta("{}")),
        block_stop(2),
    ];
    check_blocks(events, expected);
}

#[test]
fn a_seal_stands_before_its_call_and_at_the_end_of_its_thought() {
    let seal = |data: &str| Seal { dialect: Dialect::Gemini, data: data.to_owned() };
    let packed = |data: &str| crate::foreign_seal::pack(&seal(data), Dialect::Anthropic);
    let events = vec![
        open(0, PartKind::Reasoning),
        grow(0, Delta::Seal(seal("s0"))),
        text(0, "Hm"),
        text(0, "."),
        close(0),
        open(1, PartKind::Reasoning),
        grow(1, Delta::Seal(seal("s1"))),
        close(1),
        open_call(2, "a"),
        grow(2, Delta::Seal(seal("s2"))),
        arguments(2, "{}"),
        close(2),
        open(3, PartKind::Reasoning),
        close(3),
        open_call(4, "b"),
        arguments(4, "{\"n\":"),
        arguments(4, "1"),
        arguments(4, "}"),
        close(4),
    ];
    let thought = |text: &str| json!({"type": "thinking_delta", "thinking": text});
    let redacted = |data: &str| json!({"type": "redacted_thinking", "data": packed(data)});
    let expected = vec![
        block_start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        block_delta(0, thought("Hm")),
        block_delta(0, thought(".")),
        block_delta(0, json!({"type": "signature_delta", "signature": packed("s0")})),
        block_stop(0),
        block_start(1, redacted("thought:s1")),
        block_stop(1),
        block_start(2, redacted("next_call:s2")),
        block_stop(2),
        block_start(3, tool_use("a")),
        block_delta(3, json_delta("{}")),
        block_stop(3),
        block_start(4, tool_use("b")),
        block_delta(4, json_delta("{\"n\":1")),
        block_delta(4, json_delta("}")),
        block_stop(4),
    ];
    check_blocks(events, expected);
}

#[test]
fn a_thought_without_a_seal_has_an_empty_signature() {
    let thought = Part::Reasoning(Reasoning { text: "Hm.".to_owned(), seal: None });
    let (message, _) = whole(&response(vec![thought], FinishReason::Stop));
    let block = json!({"type": "thinking", "thinking": "Hm.", "signature": ""});
    assert_eq!(message["content"], json!([block]));
}

#[test]
fn counts_come_at_the_end_when_they_come_late() {
    let usage = |input_tokens, output_tokens| {
        Event::Usage(Usage { input_tokens, output_tokens, ..Usage::default() })
    };
    let frames = told(&[
        start(),
        usage(Some(7), Some(1)),
        Event::Finish { choice: 0, finish: FinishReason::Length.into() },
        usage(None, Some(9)),
        Event::Stop,
        Event::Usage(Usage::default()),
    ]);
    assert_eq!(frames.len(), 3);
    assert_eq!(frames[0]["message"]["usage"]["input_tokens"], 0);
    let counts = json!({"input_tokens": 7, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0, "output_tokens": 9});
    let delta = json!({"stop_reason": "max_tokens", "stop_sequence": null});
    let expected = json!({"type": "message_delta", "delta": delta, "usage": counts});
    assert_eq!(frames[1], expected);
}

#[test]
fn nothing_follows_a_failure() {
    for kind in [ErrorKind::Overloaded, ErrorKind::Truncated] {
        let failed = Event::Failed(Fault::new(kind, "Try again."));
        let frames = told(&[start(), open(0, PartKind::Text), text(0, "a"), failed, close(0)]);
        let kind = if kind == ErrorKind::Overloaded { "overloaded_error" } else { "api_error" };
        let error = json!({"type": kind, "message": "Try again."});
        assert_eq!(frames.last(), Some(&json!({"type": "error", "error": error})));
        assert_eq!(frames.len(), 4);
    }
}

#[test]
fn other_choices_have_no_place() {
    let events = vec![
        Event::PartStart { choice: 1, part: 0, kind: PartKind::Text },
        Event::PartDelta { choice: 1, part: 0, delta: Delta::Text("b".to_owned()) },
        Event::PartEnd { choice: 1, part: 0 },
        Event::Logprobs { choice: 0, tokens: vec![] },
    ];
    check_blocks(events, vec![]);
}
