//! Every dialect's requests and answers in every other dialect's words.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]
#![allow(clippy::disallowed_methods)]

#[path = "../oracle/mod.rs"]
#[allow(dead_code, reason = "only its sorting of cases is of use here")]
mod oracle;

mod agreement;
mod answers;
mod endings;
mod losses;
mod recorded;
mod requests;
mod snapshots;

use std::time::{Duration, UNIX_EPOCH};

use canonical::{Collector, Dialect, Event, EventChecker, Fault, Response};
use dialects::{ChatEndpoint, Echo, codec};
use oracle::{Kind, ORACLES, Oracle};
use testkit::fixtures::{self, Case};

/// Every chat endpoint, by the name that snapshots know it by.
const ENDPOINTS: [(&str, &dyn ChatEndpoint); 9] = [
    ("openai_chat", dialects::OPENAI_CHAT),
    ("openai_responses", dialects::OPENAI_RESPONSES),
    ("anthropic", dialects::ANTHROPIC_MESSAGES),
    ("gemini", dialects::GEMINI_GENERATE),
    ("gemini_array", dialects::GEMINI_GENERATE_ARRAY),
    ("mistral", dialects::MISTRAL_CHAT),
    ("mistral_fim", dialects::MISTRAL_FIM),
    ("ollama", dialects::OLLAMA_CHAT),
    ("ollama_generate", dialects::OLLAMA_GENERATE),
];

/// The endpoint of a dialect that chats are asked of.
fn endpoint(dialect: Dialect) -> &'static dyn ChatEndpoint {
    let (_, endpoint) = ENDPOINTS
        .into_iter()
        .find(|(name, _)| *name == dialect.as_str())
        .expect("an endpoint for each dialect");
    endpoint
}

/// A recorded chat that was answered with 200, and whose it is.
struct Chat {
    dialect: Dialect,
    case: Case,
}

/// Our own chats.
fn own_chats() -> Vec<Chat> {
    ORACLES
        .iter()
        .flat_map(|oracle| chats(oracle, fixtures::own(oracle.dialect.as_str())))
        .collect()
}

/// The chats among the extra cases; `None` when there are none to be had.
fn extra_chats() -> Option<Vec<Chat>> {
    let mut all = Vec::new();
    for oracle in &ORACLES {
        for folder in oracle.extra_folders {
            let Some(cases) = fixtures::extra(folder) else {
                println!("no extra cases: CLOSEDPAW_EXTRA_CASES is not set");
                return None;
            };
            all.extend(chats(oracle, cases));
        }
    }
    Some(all)
}

fn chats(oracle: &Oracle, cases: Vec<Case>) -> impl Iterator<Item = Chat> {
    let is_chat =
        |case: &Case| case.status == 200 && matches!((oracle.kind)(case), Some(Kind::Chat));
    let dialect = oracle.dialect;
    cases.into_iter().filter(is_chat).map(move |case| Chat { dialect, case })
}

/// Reads what a provider streamed, and holds it to the order of events.
fn decode(dialect: Dialect, bytes: &[u8]) -> Vec<Event> {
    let (mut decoder, mut events) = (codec(dialect).stream_decoder(), Vec::new());
    decoder.feed(bytes, &mut events);
    decoder.finish(&mut events);
    assert_in_order(&events, dialect.as_str());
    events
}

/// Reads what a caller was streamed.
fn heard(endpoint: &dyn ChatEndpoint, bytes: &[u8]) -> Vec<Event> {
    let (mut decoder, mut events) = (endpoint.answer_decoder(), Vec::new());
    decoder.feed(bytes, &mut events);
    decoder.finish(&mut events);
    assert_in_order(&events, endpoint.dialect().as_str());
    events
}

fn assert_in_order(events: &[Event], name: &str) {
    let mut checker = EventChecker::default();
    for event in events {
        checker.check(event).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(checker.is_ended(), "{name} has no last event");
}

/// Streams events to a caller.
fn said(endpoint: &dyn ChatEndpoint, events: &[Event]) -> Vec<u8> {
    let request = canonical::Request { stream: true, stream_usage: true, ..Default::default() };
    let (mut encoder, mut out) = (endpoint.stream_encoder(&request, &echo()), Vec::new());
    for event in events {
        encoder.encode(event, &mut out);
    }
    out
}

fn collect(events: Vec<Event>) -> Result<Response, Fault> {
    let mut collector = Collector::default();
    events.into_iter().for_each(|event| collector.push(event));
    collector.finish().map_err(|fault| fault.expect("the stream has a last event"))
}

fn echo() -> Echo {
    let created = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    Echo { model: "marsh/heron-1".into(), created, id: "Ab3".into() }
}
