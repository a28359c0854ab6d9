//! Answers in pieces: what fails before the first piece is an error, what fails later an event.

use std::time::Duration;

use canonical::{Delta, ErrorKind, Event, Fault};
use serde_json::json;
use testkit::scripted::{Answer, Body, End, ScriptedProvider};

use crate::support::{ANSWERS, Gateway, call, chat_with, drain, sse, stream_with};

const ROLE: &str = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#;
const HELLO: &str = r#"{"choices":[{"index":0,"delta":{"content":"hello"}}]}"#;
const FINISH: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const ERROR: &str = r#"{"error":{"message":"out of memory","code":500}}"#;

const MESSAGE_START: &str = r#"{"type":"message_start","message":{"id":"x","usage":{}}}"#;
const BLOCK_START: &str =
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
const OVERLOADED: &str =
    r#"{"type":"error","error":{"type":"overloaded_error","message":"overloaded"}}"#;

/// The text of all events, and the fault that they end with, if they do.
fn heard(events: &[Event]) -> (String, Option<&Fault>) {
    let text = |event: &Event| match event {
        Event::PartDelta { delta: Delta::Text(text), .. } => Some(text.clone()),
        _ => None,
    };
    let fault = match events.last() {
        Some(Event::Failed(fault)) => Some(fault),
        _ => None,
    };
    (events.iter().filter_map(text).collect(), fault)
}

#[tokio::test]
async fn an_error_before_the_first_piece_is_no_stream() {
    let ndjson = |lines: &[&str]| {
        Answer::stream("application/x-ndjson", lines.iter().map(|line| format!("{line}\n")))
    };
    for (provider_type, answer, kind, words) in [
        ("openai", sse([ERROR]), ErrorKind::UpstreamFailed, "out of memory"),
        ("openai", sse([ROLE, ERROR]), ErrorKind::UpstreamFailed, "out of memory"),
        ("anthropic", sse([OVERLOADED]), ErrorKind::Overloaded, "overloaded"),
        (
            "anthropic",
            sse([MESSAGE_START, BLOCK_START, OVERLOADED]),
            ErrorKind::Overloaded,
            "overloaded",
        ),
        (
            "google",
            sse([r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#]),
            ErrorKind::Overloaded,
            "busy",
        ),
        ("ollama", ndjson(&[r#"{"error":"no memory"}"#]), ErrorKind::UpstreamFailed, "no memory"),
    ] {
        let fault = stream_with(provider_type, answer).await.unwrap_err();
        assert_eq!((fault.kind, fault.public.as_str()), (kind, words), "{provider_type}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_before_its_first_piece_is_no_stream() {
    for end in [End::Clean, End::Cut, End::Reset] {
        for answer in [sse([]), sse([ROLE])] {
            let fault = stream_with("openai", answer.ending(end)).await.unwrap_err();
            assert_eq!(fault.kind, ErrorKind::Truncated, "{end:?}: {fault}");
        }
    }
}

#[tokio::test]
async fn an_error_after_the_first_piece_is_the_last_event() {
    // Whether it comes with the first piece or after it.
    let at_once = [ROLE, HELLO, ERROR].map(|data| format!("data: {data}\n\n")).concat();
    let answers = [sse([ROLE, HELLO, ERROR]), Answer::stream("text/event-stream", [at_once])];
    for answer in answers {
        let events = stream_with("openai", answer).await.unwrap();
        let (text, fault) = heard(&events);
        let fault = fault.unwrap();
        assert_eq!((text.as_str(), fault.kind), ("hello", ErrorKind::UpstreamFailed));
        assert_eq!(fault.public, "out of memory");
    }
}

#[tokio::test]
async fn a_stream_without_its_own_end_is_truncated() {
    for end in [End::Clean, End::Cut, End::Reset] {
        for answer in [sse([HELLO]), sse([HELLO, FINISH])] {
            let events = stream_with("openai", answer.ending(end)).await.unwrap();
            let (text, fault) = heard(&events);
            assert_eq!(text, "hello");
            assert_eq!(fault.map(|fault| fault.kind), Some(ErrorKind::Truncated), "{end:?}");
        }
    }
}

#[tokio::test]
async fn nothing_comes_after_the_end() {
    let scripted = ScriptedProvider::always(sse([HELLO, FINISH, "[DONE]", ERROR]));
    let gateway = Gateway::to(&scripted, "openai").await;
    let (_, mut events) = gateway.stream(call()).await.unwrap();
    assert_eq!(drain(&mut events).await.last(), Some(&Event::Stop));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_dropped_stream_hangs_up_on_the_provider() {
    let scripted = ScriptedProvider::always(sse([HELLO]).ending(End::Hang));
    let gateway = Gateway::to(&scripted, "openai").await;
    let (_, events) = gateway.stream(call()).await.unwrap();
    assert_eq!(scripted.disconnects(), 0);
    drop(events);
    let hung_up = scripted.wait_for_disconnects(1);
    tokio::time::timeout(Duration::from_secs(20), hung_up).await.unwrap();
}

#[tokio::test]
async fn a_caller_who_leaves_before_the_answer_hangs_up_too() {
    for answer in [Answer::silence(), sse([ROLE]).ending(End::Hang)] {
        let scripted = ScriptedProvider::always(answer);
        let gateway = Gateway::to(&scripted, "openai").await;
        tokio::select! {
            _ = gateway.stream(call()) => panic!("an answer out of silence"),
            _ = gateway.chat(call()) => panic!("an answer out of silence"),
            () = scripted.wait_for_calls(2) => {}
        }
        let hung_up = scripted.wait_for_disconnects(2);
        tokio::time::timeout(Duration::from_secs(20), hung_up).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_lost_when_the_caller_stops_waiting_and_calls_again() {
    let mut answer = sse([]);
    let pieces =
        [ROLE, HELLO, HELLO, HELLO, FINISH, "[DONE]"].map(|data| format!("data: {data}\n\n"));
    let halves = pieces.concat().into_bytes();
    let halves = halves.chunks(30).map(|half| (Duration::from_millis(1), half.to_vec()));
    answer.body = Body::Chunks(halves.collect());
    let scripted = ScriptedProvider::always(answer);
    let gateway = Gateway::to(&scripted, "openai").await;
    let (_, mut patient) = gateway.stream(call()).await.unwrap();
    let expected = drain(&mut patient).await;
    let (_, mut events) = gateway.stream(call()).await.unwrap();
    let (mut received, mut interruptions) = (Vec::new(), 0);
    loop {
        tokio::select! {
            biased;
            event = events.next() => match event {
                Some(event) => received.push(event),
                None => break,
            },
            () = tokio::task::yield_now() => interruptions += 1,
        }
    }
    assert_eq!(received, expected);
    assert_eq!(heard(&received), ("hellohellohello".to_owned(), None));
    assert!(interruptions > 0);
}

#[tokio::test]
async fn silence_is_counted_on_when_the_caller_stops_waiting_and_calls_again() {
    let scripted = ScriptedProvider::always(sse([HELLO]).ending(End::Hang));
    let gateway = Gateway::to(&scripted, "openai").await;
    let (_, mut events) = gateway.stream(call()).await.unwrap();
    // From here on the provider is silent, and the clock jumps from one timer to the next.
    tokio::time::pause();
    let mut keep_alives = 0;
    let fault = loop {
        match tokio::time::timeout(Duration::from_secs(15), events.next()).await {
            Ok(Some(Event::Failed(fault))) => break fault,
            Ok(event) => assert!(event.is_some()),
            Err(_) => keep_alives += 1,
        }
    };
    assert_eq!((fault.kind, keep_alives), (ErrorKind::Timeout, 7));
    assert_eq!(fault.public, "the provider sent nothing more for 120s");
}

#[tokio::test]
async fn a_whole_answer_instead_of_a_stream_is_heard_at_once() {
    for (provider_type, whole) in ANSWERS {
        // On one line, as Ollama streams its objects.
        let whole = whole.replace('\n', " ");
        let whole = whole.as_str();
        let events = stream_with(provider_type, Answer::json(200, whole)).await.unwrap();
        let streamed = chat_with(provider_type, Answer::json(200, whole)).await.unwrap();
        assert_eq!(heard(&events), (streamed.text(), None), "{provider_type}");
        assert_eq!(events.last(), Some(&Event::Stop), "{provider_type}");
    }
    let error =
        Answer::json(200, json!({ "error": { "message": "slow down", "code": 429 } }).to_string());
    let fault = stream_with("openai", error).await.unwrap_err();
    assert!(fault.public.contains("slow down"), "{fault:?}");
}
