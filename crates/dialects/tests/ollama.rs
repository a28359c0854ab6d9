//! Ollama's callers: what their clients send, and that what is written for them reads as what was meant.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

mod samples;

use std::{fs, path::Path, time::UNIX_EPOCH};

use canonical::{
    Choice, Collector, Dialect, Event, EventChecker, FinishReason, Losses, Part, Reasoning,
    Request, Response, TokenLogprob, ToolCall, Usage,
};
use dialects::{
    ChatEndpoint, Echo, OLLAMA_CHAT, OLLAMA_EMBED, OLLAMA_EMBEDDINGS, OLLAMA_GENERATE, Quirks,
    codec,
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::Value;
use testkit::fixtures;

/// Samples in which all has a word of its own here; what is lost or joined of the others is another matter.
const KEPT: [&str; 5] = ["plain", "json", "effort_low", "prefill", "stream"];

#[test]
fn what_a_provider_is_asked_reads_as_what_was_meant() {
    let mut kept = Vec::new();
    for (name, sample) in samples::requests() {
        let written = encoded(&sample);
        let read =
            OLLAMA_CHAT.decode_request(written.as_bytes(), &mut Losses::default()).expect(name);
        if read == sample {
            kept.push(name);
        }
        // Members that an Ollama provider alone is told of are not read into a request for others, and a bare switch
        // to think is read as a level, which other dialects have.
        if name != "own_members" && !written.contains("\"think\":true") {
            assert_eq!(encoded(&read), written, "{name}");
        }
    }
    assert_eq!(kept, KEPT);
}

fn encoded(request: &Request) -> String {
    let mut losses = Losses::default();
    let body = codec(Dialect::Ollama).encode_request(request, &Quirks::COMPATIBLE, &mut losses);
    String::from_utf8(body).expect("JSON")
}

#[test]
fn what_clients_send_is_read() {
    let mut checked = 0;
    let cases = fixtures::extra("ollama").into_iter().flatten();
    let recorded = cases.filter_map(|case| Some((case.path()?.to_owned(), case.request?)));
    for (path, request) in recorded.chain(captured()) {
        checked += usize::from(read(&path, &request["body"]));
    }
    println!("{checked} requests of Ollama's clients, none when CLOSEDPAW_EXTRA_CASES is not set");
}

/// Reads a request; false when no endpoint of ours reads bodies there.
fn read(path: &str, body: &Value) -> bool {
    let bytes = body.to_string();
    let mut losses = Losses::default();
    let chat = |endpoint: &dyn ChatEndpoint, says: &[&str], losses: &mut Losses| {
        let read = endpoint.decode_request(bytes.as_bytes(), losses);
        let is_empty = |name: &&str| body[*name].as_str().is_none_or(str::is_empty);
        if says.iter().all(is_empty) && body["messages"].is_null() {
            assert!(read.is_err() && endpoint.encode_idle(bytes.as_bytes(), &echo()).is_some());
            return;
        }
        let read = read.unwrap_or_else(|fault| panic!("{}: {bytes}", fault.public));
        assert_eq!(read.model, body["model"]);
        assert_eq!(read.stream, body["stream"].as_bool().unwrap_or(true));
    };
    match path {
        "/api/chat" => chat(OLLAMA_CHAT, &[], &mut losses),
        "/api/generate" => chat(OLLAMA_GENERATE, &["prompt"], &mut losses),
        "/api/embed" | "/api/embeddings" => {
            let endpoint = if path == "/api/embed" { OLLAMA_EMBED } else { OLLAMA_EMBEDDINGS };
            let read = endpoint.decode_request(bytes.as_bytes(), &mut losses);
            assert!(!read.expect(&bytes).inputs.is_empty());
        }
        _ => return false,
    }
    assert!(losses.is_empty(), "{losses} of {bytes}");
    true
}

/// What the newest clients were seen to send.
fn captured() -> Vec<(String, Value)> {
    let Some(root) = std::env::var_os("CLOSEDPAW_EXTRA_CASES").filter(|root| !root.is_empty())
    else {
        return Vec::new();
    };
    let folders = entries(&Path::new(&root).join("fixtures/clients"));
    let ollama = folders.into_iter().filter(|folder| folder.to_string_lossy().contains("/ollama-"));
    let captures: Vec<_> = ollama.flat_map(|folder| entries(&folder)).collect();
    assert!(!captures.is_empty());
    let parse = |path: &std::path::PathBuf| {
        let capture: Value =
            serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON");
        (capture["path"].as_str().unwrap_or_default().to_owned(), capture)
    };
    captures.iter().map(parse).collect()
}

fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whole_and_streamed_answers_say_the_same(response in answer()) {
        for endpoint in [OLLAMA_CHAT, OLLAMA_GENERATE] {
            let (mut losses, request) = (Losses::default(), Request::default());
            let body = endpoint.encode_response(&response, &request, &echo(), &mut losses);
            prop_assert!(losses.is_empty(), "{losses}");
            let whole = endpoint.decode_answer(&body).expect("an answer");
            prop_assert_eq!(&whole, &streamed(endpoint, response.clone()));
            prop_assert_eq!(whole, response.clone());
        }
    }
}

fn echo() -> Echo {
    Echo { model: "asked".to_owned(), created: UNIX_EPOCH, id: "e".to_owned() }
}

/// Writes the answer event by event, and reads what was written.
fn streamed(endpoint: &dyn ChatEndpoint, response: Response) -> Response {
    let mut encoder = endpoint.stream_encoder(&Request::default(), &echo());
    let (mut decoder, mut events) = (endpoint.answer_decoder(), Vec::new());
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

/// An answer that Ollama can say: thoughts, text and calls in this order.
fn answer() -> impl Strategy<Value = Response> {
    let call = ("[a-z]{1,4}", "[a-z]{1,4}", "[a-z\"\n]{0,3}");
    let parts = (option::of(".{1,9}"), option::of(".{1,9}"), vec(call, 0..3));
    let counts = (option::of(0..9_u64), option::of(0..9_u64));
    (parts, counts, vec(("\\PC{0,3}", -9..0_i32), 0..3), any::<bool>()).prop_map(
        |((thought, text, calls), (input_tokens, output_tokens), tokens, is_long)| {
            let reason = match (calls.is_empty(), is_long) {
                (false, _) => FinishReason::ToolCalls,
                (true, true) => FinishReason::Length,
                (true, false) => FinishReason::Stop,
            };
            let thought = thought.map(|text| Part::Reasoning(Reasoning { text, seal: None }));
            let calls = (0..).zip(calls).map(|(position, (id, name, value))| {
                let (id, arguments) =
                    (format!("{id}{position}"), serde_json::json!({ "x": value }));
                let arguments = arguments.to_string();
                Part::ToolCall(ToolCall { id, name, arguments, seal: None })
            });
            let token = |(token, quarters)| {
                let logprob = f64::from(quarters) / 4.0;
                TokenLogprob { token, logprob, ..Default::default() }
            };
            Response {
                id: None,
                model: Some("minnow".to_owned()),
                choices: vec![Choice {
                    parts: thought.into_iter().chain(text.map(Part::text)).chain(calls).collect(),
                    finish: reason.into(),
                    logprobs: tokens.into_iter().map(token).collect(),
                }],
                usage: Usage { input_tokens, output_tokens, ..Usage::default() },
            }
        },
    )
}
