//! Recorded exchanges, each read by a codec and by an oracle that knows nothing of the codecs.
//!
//! Ours are in `fixtures/<dialect>/`. The extra cases are those of the folder that `CLOSEDPAW_EXTRA_CASES`
//! names, when it is set. A dialect is one row of [`ORACLES`] and one file in `oracle/`.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

mod oracle;

use std::time::UNIX_EPOCH;

use canonical::{Collector, Dialect, Event, EventChecker, Fault, Part, Response};
use dialects::{ErrorAnswer, codec};
use oracle::{Answer, Call, Kind, ORACLES, Oracle, Outcome};
use testkit::fixtures::{self, Case};

#[test]
fn our_exchanges_are_read_as_the_oracle_reads_them() {
    for oracle in &ORACLES {
        assert!(check_all(oracle, &fixtures::own(oracle.dialect.as_str())) > 0);
    }
}

#[test]
fn extra_exchanges_are_read_as_the_oracle_reads_them() {
    for oracle in &ORACLES {
        let mut checked = 0;
        for folder in oracle.extra_folders {
            let Some(cases) = fixtures::extra(folder) else {
                println!("no extra cases: CLOSEDPAW_EXTRA_CASES is not set");
                return;
            };
            checked += check_all(oracle, &cases);
        }
        println!("{}: {checked} extra cases", oracle.dialect);
        assert!(checked > 0, "no extra case of {} was found", oracle.dialect);
    }
}

/// Checks those cases that are the dialect's and returns how many they were.
fn check_all(oracle: &Oracle, cases: &[Case]) -> usize {
    let ours = cases.iter().filter_map(|case| Some((case, (oracle.kind)(case)?)));
    ours.filter(|(case, kind)| check(oracle, case, *kind)).count()
}

/// Checks a case; false when there is nothing in it for us.
fn check(oracle: &Oracle, case: &Case, kind: Kind) -> bool {
    match (case.status, kind, case.is_stream) {
        (200, Kind::Models, _) => check_models(oracle, case),
        (200, Kind::Chat, true) => check_stream(oracle, case),
        (200, Kind::Chat, false) => check_answer(oracle, case),
        (200, Kind::Other, _) => return false,
        (_, Kind::Chat | Kind::Models | Kind::Other, _) => check_error(oracle, case),
    }
    true
}

fn check_models(oracle: &Oracle, case: &Case) {
    let page = codec(oracle.dialect).decode_models(&case.body);
    if json_of(case).is_null() {
        assert!(page.is_err(), "{}: what is no JSON is no list", case.name);
        return;
    }
    let page = page.expect(&case.name);
    assert_eq!(page.ids, (oracle.models)(&json_of(case)), "{}", case.name);
    assert!(!page.ids.is_empty(), "{}", case.name);
}

fn check_answer(oracle: &Oracle, case: &Case) {
    let decoded = codec(oracle.dialect).decode_response(&case.body);
    compare(decoded, (oracle.answer)(&json_of(case)), &case.name);
}

fn check_stream(oracle: &Oracle, case: &Case) {
    let text = String::from_utf8(case.body.clone()).expect(&case.name);
    let events = decode(oracle.dialect, &case.body, usize::MAX);
    let mut checker = EventChecker::default();
    for event in &events {
        checker.check(event).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
    assert!(checker.is_ended(), "{} has no last event", case.name);
    let whole = collect(events);
    compare(whole.clone(), (oracle.stream)(&text), &case.name);
    for size in [1, 7, 64, 1000] {
        assert_eq!(collect(decode(oracle.dialect, &case.body, size)), whole, "{}", case.name);
    }
}

fn check_error(oracle: &Oracle, case: &Case) {
    let header = |name: &str| case.header(name);
    let answer = ErrorAnswer {
        status: case.status,
        header: &header,
        received_at: UNIX_EPOCH,
        body: &case.body,
    };
    let fault = codec(oracle.dialect).decode_error(&answer);
    assert_eq!(fault.upstream_status, Some(case.status), "{}", case.name);
    if let Some(message) = (oracle.error)(&json_of(case)) {
        assert!(
            fault.public.contains(&message),
            "{}: {:?} of {message:?}",
            case.name,
            fault.public
        );
    }
    assert!(!fault.public.is_empty(), "{}", case.name);
    if let Some(expected) = status_for_callers(case) {
        assert_eq!(fault.status(), expected, "{}: {:?}", case.name, fault.kind);
    }
}

/// The status that callers see, where the interface says which.
fn status_for_callers(case: &Case) -> Option<u16> {
    match case.status {
        400 if json_of(case).to_string().contains("API_KEY_INVALID") => Some(502),
        400 | 404 | 409 | 413 | 422 | 429 => Some(case.status),
        503 | 529 => Some(503),
        401..=403 | 500..=599 => Some(502),
        _ => None,
    }
}

fn compare(decoded: Result<Response, Fault>, outcome: Outcome, name: &str) {
    match (decoded, outcome) {
        (Ok(response), Outcome::Answer(expected)) => {
            assert_eq!(seen(&response), expected, "{name}");
        }
        (Err(fault), Outcome::Error(message)) => {
            assert!(fault.public.contains(&message), "{name}: {:?} of {message:?}", fault.public);
        }
        (decoded, outcome) => panic!("{name}: got {decoded:?}, expected {outcome:?}"),
    }
}

/// What the oracle knows of an answer.
fn seen(response: &Response) -> Answer {
    let parts = response.choices.first().map(|choice| choice.parts.as_slice()).unwrap_or_default();
    let reasoning = parts.iter().filter_map(|part| match part {
        Part::Reasoning(reasoning) => Some(reasoning.text.as_str()),
        _ => None,
    });
    let calls = parts.iter().filter_map(|part| match part {
        Part::ToolCall(call) => {
            let (id, name) = (call.id.clone(), call.name.clone());
            Some(Call { id, name, arguments: call.arguments.clone() })
        }
        _ => None,
    });
    Answer {
        text: response.text(),
        reasoning: reasoning.collect(),
        calls: calls.collect(),
        finish: response.choices[0].finish.reason.as_str().to_owned(),
        prompt_tokens: response.usage.prompt_tokens(),
        output_tokens: response.usage.output_tokens,
    }
}

fn decode(dialect: Dialect, bytes: &[u8], size: usize) -> Vec<Event> {
    let (mut decoder, mut events) = (codec(dialect).stream_decoder(), Vec::new());
    for chunk in bytes.chunks(size) {
        decoder.feed(chunk, &mut events);
    }
    decoder.finish(&mut events);
    events
}

fn collect(events: Vec<Event>) -> Result<Response, Fault> {
    let mut collector = Collector::default();
    events.into_iter().for_each(|event| collector.push(event));
    collector.finish().map_err(|fault| fault.expect("the stream has a last event"))
}

fn json_of(case: &Case) -> serde_json::Value {
    serde_json::from_slice(&case.body).unwrap_or_default()
}
