//! Streamed answers: chunk by chunk, and against whole ones.

use canonical::{
    Choice, Collector, Delta, Dialect, ErrorKind, Event, Fault, Finish, FinishReason, Part,
    PartKind, Reasoning, Request, Response, Seal, TokenLogprob, Tool, ToolCall, Usage,
};
use dialects::{ChatEndpoint, MISTRAL_CHAT, OPENAI_CHAT, codec};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::echo;

/// Writes a stream and returns its frames.
pub fn frames(endpoint: &dyn ChatEndpoint, request: &Request, events: &[Event]) -> Vec<String> {
    let (mut encoder, mut out) = (endpoint.stream_encoder(request, &echo()), Vec::new());
    events.iter().for_each(|event| encoder.encode(event, &mut out));
    let text = String::from_utf8(out).expect("text");
    let frames = text.split_terminator("\n\n");
    frames.map(|frame| frame.strip_prefix("data: ").expect("data").to_owned()).collect()
}

/// Writes a stream and returns the JSON of its frames up to `[DONE]`.
pub fn chunks(endpoint: &dyn ChatEndpoint, request: &Request, events: &[Event]) -> Vec<Value> {
    let mut frames = frames(endpoint, request, events);
    assert_eq!(frames.pop().as_deref(), Some("[DONE]"));
    frames.iter().map(|frame| serde_json::from_str(frame).expect("JSON")).collect()
}

fn start() -> Event {
    Event::Start { id: Some("theirs".into()), model: Some("heron-1-0613".into()) }
}

fn open(part: u32, kind: PartKind) -> Event {
    Event::PartStart { choice: 0, part, kind }
}

fn grow(part: u32, delta: Delta) -> Event {
    Event::PartDelta { choice: 0, part, delta }
}

fn close(part: u32) -> Event {
    Event::PartEnd { choice: 0, part }
}

fn finish(reason: FinishReason) -> Event {
    Event::Finish { choice: 0, finish: reason.into() }
}

fn call(id: &str, name: &str) -> PartKind {
    PartKind::ToolCall { id: id.into(), name: name.into() }
}

fn arguments(text: &str) -> Delta {
    Delta::Arguments(text.into())
}

fn asking_usage() -> Request {
    Request { stream: true, stream_usage: true, ..Request::default() }
}

#[test]
fn openai_tells_usage_in_a_chunk_of_its_own_to_those_who_ask() {
    let usage = Usage { input_tokens: Some(2), output_tokens: Some(1), ..Usage::default() };
    let events = [
        start(),
        open(0, PartKind::Text),
        grow(0, Delta::Text("Low.".into())),
        close(0),
        finish(FinishReason::Stop),
        Event::Usage(usage),
        Event::Stop,
    ];
    let chunk = |delta: Value, finish: Value| {
        json!({ "id": "chatcmpl-Ab3", "object": "chat.completion.chunk", "created": 1_700_000_000,
            "model": "heron-1-0613",
            "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }] })
    };
    let expected = [
        chunk(json!({ "role": "assistant", "content": "", "refusal": null }), Value::Null),
        chunk(json!({ "content": "Low." }), Value::Null),
        chunk(json!({}), json!("stop")),
    ];
    assert_eq!(chunks(OPENAI_CHAT, &Request::default(), &events), expected);
    let mut told = chunks(OPENAI_CHAT, &asking_usage(), &events);
    let last = told.pop().expect("a chunk");
    assert_eq!(last["choices"], json!([]));
    assert_eq!(
        last["usage"],
        json!({ "prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3 })
    );
    assert!(told.iter().all(|chunk| chunk.get("usage") == Some(&Value::Null)));
}

#[test]
fn mistral_tells_usage_in_its_last_chunk() {
    let usage = Usage { input_tokens: Some(2), output_tokens: Some(1), ..Usage::default() };
    let events = [
        start(),
        open(0, call("c", "tide")),
        grow(0, arguments("{\"a\"")),
        grow(0, arguments(":1}")),
        close(0),
        finish(FinishReason::ToolCalls),
        Event::Usage(usage),
        Event::Stop,
    ];
    let chunks = chunks(MISTRAL_CHAT, &Request::default(), &events);
    let calls = &chunks[1]["choices"][0]["delta"]["tool_calls"];
    assert_eq!(calls[0]["function"], json!({ "name": "tide", "arguments": "{\"a\":1}" }));
    assert_eq!(chunks[2]["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(chunks[2]["usage"]["total_tokens"], 3);
    assert_eq!(chunks.len(), 3);
}

#[test]
fn calls_may_interleave() {
    let events = [
        start(),
        open(0, call("a", "tide")),
        open(1, call("b", "clock")),
        grow(1, arguments("{\"b\"")),
        grow(0, arguments("{\"a\":1}")),
        grow(1, arguments(":2}")),
        close(0),
        close(1),
        finish(FinishReason::ToolCalls),
        Event::Stop,
    ];
    for endpoint in [OPENAI_CHAT, MISTRAL_CHAT] {
        let response = read_stream(endpoint, &Request::default(), &events);
        let calls = seen(&response).remove(0).calls;
        let texts: Vec<&str> = calls.iter().map(|(_, _, arguments)| arguments.as_str()).collect();
        assert_eq!(texts, ["{\"a\":1}", "{\"b\":2}"]);
    }
}

#[test]
fn free_text_comes_whole() {
    let sql = Tool {
        name: "sql".into(),
        description: None,
        parameters: None,
        strict: None,
        freeform: true,
    };
    let request = Request { tools: vec![sql], ..Request::default() };
    let events = [
        start(),
        open(0, call("a", "sql")),
        grow(0, arguments("{\"input\":\"SEL")),
        grow(0, arguments("ECT\"}")),
        close(0),
        Event::Stop,
    ];
    let chunks = chunks(OPENAI_CHAT, &request, &events);
    assert_eq!(
        chunks[1]["choices"][0]["delta"]["tool_calls"],
        json!([{ "index": 0, "id": "a", "type": "custom", "custom": { "name": "sql", "input": "SELECT" } }])
    );
}

#[test]
fn a_failure_is_told_and_nothing_follows() {
    let failed = Event::Failed(Fault::new(ErrorKind::Truncated, "cut"));
    for endpoint in [OPENAI_CHAT, MISTRAL_CHAT] {
        let events = [start(), failed.clone(), Event::Stop];
        let frames = frames(endpoint, &asking_usage(), &events);
        assert_eq!(frames.len(), 2, "{frames:?}");
        assert!(!frames[1].contains("[DONE]") && frames[1].contains("cut"));
        let (mut decoder, mut events) = (codec(endpoint.dialect()).stream_decoder(), Vec::new());
        frames.iter().for_each(|frame| {
            decoder.feed(format!("data: {frame}\n\n").as_bytes(), &mut events);
        });
        assert!(matches!(events.last(), Some(Event::Failed(fault)) if fault.public == "cut"));
    }
}

/// What both forms of an answer say of a choice.
#[derive(Debug, PartialEq)]
struct Seen {
    text: String,
    thoughts: String,
    calls: Vec<(String, String, String)>,
    finish: FinishReason,
    logprobs: Vec<TokenLogprob>,
}

fn seen(response: &Response) -> Vec<Seen> {
    let choice = |choice: &Choice| {
        let mut seen = Seen {
            text: String::new(),
            thoughts: String::new(),
            calls: Vec::new(),
            finish: choice.finish.reason.clone(),
            logprobs: choice.logprobs.clone(),
        };
        for part in &choice.parts {
            match part {
                Part::Text { text, .. } => seen.text.push_str(text),
                Part::Reasoning(reasoning) => seen.thoughts.push_str(&reasoning.text),
                Part::ToolCall(call) => {
                    seen.calls.push((call.id.clone(), call.name.clone(), call.arguments.clone()));
                }
                Part::Media(_) | Part::ToolResult(_) | Part::Opaque(_) => panic!("{part:?}"),
            }
        }
        seen
    };
    response.choices.iter().map(choice).collect()
}

fn read_stream(endpoint: &dyn ChatEndpoint, request: &Request, events: &[Event]) -> Response {
    let (mut decoder, mut read) = (codec(endpoint.dialect()).stream_decoder(), Vec::new());
    for frame in frames(endpoint, request, events) {
        decoder.feed(format!("data: {frame}\n\n").as_bytes(), &mut read);
    }
    decoder.finish(&mut read);
    let mut collector = Collector::default();
    read.into_iter().for_each(|event| collector.push(event));
    collector.finish().expect("a whole answer")
}

fn a_seal() -> impl Strategy<Value = Option<Seal>> {
    let dialects = vec![Dialect::Anthropic, Dialect::Gemini, Dialect::OpenAiResponses];
    let seal = (prop::sample::select(dialects), "[a-zA-Z0-9+/=]{1,9}");
    prop::option::of(seal.prop_map(|(dialect, data)| Seal { dialect, data }))
}

fn a_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        ("\\PC{0,9}", a_seal()).prop_map(|(text, seal)| Part::Text { text, seal }),
        ("\\PC{0,9}", a_seal()).prop_map(|(text, seal)| Part::Reasoning(Reasoning { text, seal })),
        ("[a-zA-Z0-9_]{0,12}", "[a-z]{1,6}", "(|\\{\"a\":[0-9]\\}|\\{\"a)", a_seal()).prop_map(
            |(id, name, arguments, seal)| Part::ToolCall(ToolCall { id, name, arguments, seal })
        ),
    ]
}

/// Answers as providers give them.
pub fn an_answer() -> impl Strategy<Value = Response> {
    let finish = prop_oneof![
        Just(FinishReason::Stop),
        Just(FinishReason::Length),
        Just(FinishReason::ToolCalls),
        Just(FinishReason::ContentFilter),
    ];
    let logprob = ("[a-z]{1,3}", prop::option::of(prop::collection::vec(any::<u8>(), 1..4)));
    let logprob = logprob.prop_map(|(token, bytes)| TokenLogprob {
        token,
        logprob: -0.25,
        bytes,
        top: Vec::new(),
    });
    let choice =
        (prop::collection::vec(a_part(), 0..5), finish, prop::collection::vec(logprob, 0..3));
    let choice = choice.prop_map(|(parts, reason, logprobs)| Choice {
        parts,
        finish: Finish { reason, stop_sequence: None },
        logprobs,
    });
    let count = || prop::option::of(0..1000u64);
    let usage = (count(), count(), count(), 0..1000u64, count());
    let usage = usage.prop_map(|(input, read, write, output, reasoning)| Usage {
        input_tokens: input,
        cache_read_tokens: read,
        cache_write_tokens: write,
        output_tokens: Some(output),
        reasoning_tokens: reasoning,
    });
    (prop::collection::vec(choice, 1..3), usage).prop_map(|(choices, usage)| Response {
        id: None,
        model: Some("heron-1-0613".into()),
        choices,
        usage,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn streamed_and_whole_answers_agree(response in an_answer()) {
        for endpoint in [OPENAI_CHAT, MISTRAL_CHAT] {
            let request = asking_usage();
            let whole = endpoint.encode_response(
                &response, &request, &echo(), &mut canonical::Losses::default(),
            );
            let whole = endpoint.decode_answer(&whole).expect("an answer");
            let streamed = read_stream(endpoint, &request, &Vec::<Event>::from(response.clone()));
            prop_assert_eq!(seen(&whole), seen(&streamed));
            for (got, given) in seen(&whole).iter().zip(seen(&response)) {
                prop_assert_eq!((&got.text, &got.thoughts), (&given.text, &given.thoughts));
                // Mistral tells no likelihoods.
                if endpoint.dialect() == Dialect::OpenAiChat {
                    prop_assert_eq!(&got.logprobs, &given.logprobs);
                }
            }
            prop_assert_eq!((&whole.model, whole.usage), (&streamed.model, streamed.usage));
        }
    }
}

/// LangChain and Vercel's AI SDK stop at a piece of a call that has none.
#[test]
fn every_piece_of_a_call_has_its_function() {
    let seal = Delta::Seal(Seal { dialect: Dialect::Gemini, data: "c2VhbA==".into() });
    for said in ["", "{}"] {
        let events = [
            start(),
            open(0, call("a", "look")),
            grow(0, arguments(said)),
            grow(0, seal.clone()),
            close(0),
            finish(FinishReason::ToolCalls),
            Event::Stop,
        ];
        let chunks = chunks(OPENAI_CHAT, &asking_usage(), &events);
        let pieces =
            chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0/delta/tool_calls/0"));
        let texts: Vec<&str> = pieces
            .map(|piece| piece["function"]["arguments"].as_str().expect("a function"))
            .collect();
        assert_eq!(texts.concat(), "{}", "{texts:?}");
    }
}
