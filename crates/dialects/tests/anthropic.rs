//! Anthropic's callers: what their clients send, and that what is written for them comes back as what was meant.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

mod samples;

use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use canonical::{
    Choice, Collector, Dialect, Event, EventChecker, Finish, FinishReason, Losses, Part, Reasoning,
    Request, Response, Seal, ToolCall, Usage,
};
use dialects::{ANTHROPIC_COUNT, ANTHROPIC_MESSAGES, Echo, Quirks, codec};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Value, json};
use testkit::fixtures;

/// Samples in which all has a word of its own here; what is lost or joined of the others is another matter.
const KEPT: [&str; 9] = [
    "plain",
    "tools",
    "tool_choice_auto",
    "tool_choice_one",
    "effort_low",
    "effort_extra_high",
    "budget",
    "prefill",
    "stream",
];

#[test]
fn what_a_provider_is_asked_reads_as_what_was_meant() {
    let mut kept = Vec::new();
    for (name, sample) in samples::requests() {
        let written = encoded(&sample);
        let read = read(&written).expect(name);
        if without_defaults(read.clone()) == without_defaults(sample.clone()) {
            kept.push(name);
        }
        assert_eq!(encoded(&read), written, "{name}");
    }
    assert_eq!(kept, KEPT);
}

/// Leaves out what the dialect always says and the samples leave open.
fn without_defaults(request: Request) -> Request {
    let mut request = Request { stream_usage: false, ..request };
    request.sampling.max_tokens = None;
    for tool in &mut request.tools {
        let parameters = tool.parameters.get_or_insert(json!({"type": "object"}));
        if tool.strict == Some(true) {
            parameters["additionalProperties"] = json!(false);
        }
    }
    request
}

fn encoded(request: &Request) -> Value {
    let codec = codec(Dialect::Anthropic);
    let body = codec.encode_request(request, &Quirks::COMPATIBLE, &mut Losses::default());
    serde_json::from_slice(&body).expect("JSON")
}

fn read(body: &Value) -> Result<Request, canonical::Fault> {
    let bytes = body.to_string();
    ANTHROPIC_MESSAGES.decode_request(bytes.as_bytes(), &mut Losses::default())
}

#[test]
fn what_clients_send_is_read() {
    let mut checked = 0;
    let cases = fixtures::extra("anthropic").into_iter().flatten();
    let recorded = cases.filter_map(|case| Some((case.path()?.to_owned(), case.request?)));
    for (path, request) in recorded.chain(captured()) {
        let bytes = request["body"].to_string();
        let mut losses = Losses::default();
        let read = match path.as_str() {
            "/v1/messages" => ANTHROPIC_MESSAGES.decode_request(bytes.as_bytes(), &mut losses),
            "/v1/messages/count_tokens" => {
                ANTHROPIC_COUNT.decode_request(bytes.as_bytes(), &mut losses)
            }
            _ => continue,
        };
        let read = read.unwrap_or_else(|fault| panic!("{}: {bytes}", fault.public));
        assert_eq!(read.messages.len(), request["body"]["messages"].as_array().map_or(0, Vec::len));
        checked += 1;
    }
    println!("{checked} requests of clients, none when CLOSEDPAW_EXTRA_CASES is not set");
}

/// What the newest clients were seen to send.
fn captured() -> Vec<(String, Value)> {
    let Some(root) = std::env::var_os("CLOSEDPAW_EXTRA_CASES").filter(|root| !root.is_empty())
    else {
        return Vec::new();
    };
    let folders = entries(&Path::new(&root).join("fixtures/clients"));
    let of_ours = |folder: &PathBuf| folder.to_string_lossy().contains("/anthropic-");
    let captures: Vec<_> =
        folders.into_iter().filter(of_ours).flat_map(|folder| entries(&folder)).collect();
    assert!(!captures.is_empty());
    let parse = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file");
        let capture: Value = serde_json::from_slice(&bytes).expect("JSON");
        (capture["path"].as_str().unwrap_or_default().to_owned(), capture)
    };
    captures.iter().map(parse).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whole_and_streamed_answers_say_the_same(response in answer()) {
        let body = whole(&response);
        let read = ANTHROPIC_MESSAGES.decode_answer(&body).expect("an answer");
        prop_assert_eq!(&read, &streamed(response.clone()));
        prop_assert_eq!(&read.choices[0].finish, &response.choices[0].finish);
        prop_assert_eq!(read.usage, response.usage);
    }

    #[test]
    fn an_answer_that_is_sent_back_keeps_its_seals_and_ids(response in answer()) {
        let body: Value = serde_json::from_slice(&whole(&response)).expect("JSON");
        let turn = json!({"role": "assistant", "content": body["content"]});
        let body = json!({"model": "m", "max_tokens": 9, "messages": [turn]});
        let read = read(&body).expect("a request");
        prop_assert_eq!(&read.messages[0].parts, &response.choices[0].parts);
    }
}

fn whole(response: &Response) -> Vec<u8> {
    let mut losses = Losses::default();
    let request = Request::default();
    let body = ANTHROPIC_MESSAGES.encode_response(response, &request, &echo(), &mut losses);
    assert!(losses.is_empty(), "{losses}");
    body
}

fn echo() -> Echo {
    Echo { model: "asked".to_owned(), created: UNIX_EPOCH, id: "7f".to_owned() }
}

/// Writes the answer event by event, and reads what was written.
fn streamed(response: Response) -> Response {
    let mut encoder = ANTHROPIC_MESSAGES.stream_encoder(&Request::default(), &echo());
    let (mut decoder, mut events) = (ANTHROPIC_MESSAGES.answer_decoder(), Vec::new());
    for event in Vec::<Event>::from(response) {
        let mut bytes = encoder.keep_alive().to_vec();
        encoder.encode(&event, &mut bytes);
        decoder.feed(&bytes, &mut events);
    }
    decoder.finish(&mut events);
    let (mut collector, mut checker) = (Collector::default(), EventChecker::default());
    for event in events {
        checker.check(&event).expect("an event in its place");
        collector.push(event);
    }
    collector.finish().expect("an answer")
}

/// An answer that the dialect can say: sealed and unsealed thoughts, text and sealed and unsealed calls.
fn answer() -> impl Strategy<Value = Response> {
    let counts = (0..9_u64, 0..9_u64, 0..9_u64, 0..9_u64, option::of(0..9_u64));
    (vec(part(), 0..6), finish(), counts).prop_map(|(parts, finish, counts)| Response {
        id: None,
        model: Some("minnow".to_owned()),
        choices: vec![Choice { parts, finish, logprobs: Vec::new() }],
        usage: Usage {
            input_tokens: Some(counts.0),
            cache_read_tokens: Some(counts.1),
            cache_write_tokens: Some(counts.2),
            output_tokens: Some(counts.3),
            reasoning_tokens: counts.4,
        },
    })
}

fn part() -> impl Strategy<Value = Part> {
    let foreign = prop_oneof![Just(Dialect::Gemini), Just(Dialect::OpenAiResponses)];
    let seal = |dialect: BoxedStrategy<Dialect>| {
        (dialect, "[a-z:=]{1,6}").prop_map(|(dialect, data)| Seal { dialect, data })
    };
    let any_seal = seal(prop_oneof![foreign.clone(), Just(Dialect::Anthropic)].boxed());
    let thought = |text: &'static str, seal: BoxedStrategy<Option<Seal>>| {
        (text, seal).prop_map(|(text, seal)| Part::Reasoning(Reasoning { text, seal }))
    };
    let call = ("\\PC{1,5}", "[a-z]{1,4}", "[a-z\"\n]{0,3}", option::of(seal(foreign.boxed())));
    prop_oneof![
        ".{1,9}".prop_map(Part::text),
        thought(".{1,9}", option::of(any_seal.clone()).boxed()),
        thought("", any_seal.prop_map(Some).boxed()),
        call.prop_map(|(id, name, value, seal)| {
            let arguments = json!({"x": value}).to_string();
            Part::ToolCall(ToolCall { id, name, arguments, seal })
        }),
    ]
}

fn finish() -> impl Strategy<Value = Finish> {
    prop_oneof![
        Just(FinishReason::Stop.into()),
        Just(FinishReason::Length.into()),
        Just(FinishReason::ToolCalls.into()),
        Just(FinishReason::ContentFilter.into()),
        "[a-z]{1,3}".prop_map(|text| Finish {
            reason: FinishReason::StopSequence,
            stop_sequence: Some(text),
        }),
    ]
}
