//! How a stream is read that comes as one JSON array.

use canonical::{ErrorKind, Event, EventChecker};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{StreamDecoder, gemini::array_stream::ArrayDecoder};

fn streamed(stream: &[u8], size: usize) -> Vec<Event> {
    let (mut decoder, mut events) = (ArrayDecoder::new(), Vec::new());
    for chunk in stream.chunks(size) {
        decoder.feed(chunk, &mut events);
    }
    decoder.finish(&mut events);
    events
}

fn chunk(text: &str, finish: Value) -> String {
    json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": finish}]})
        .to_string()
}

#[test]
fn an_array_ends_or_fails() {
    let last = chunk("]", json!("STOP"));
    let open = chunk("[", Value::Null);
    let error = r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#;
    for (stream, expected) in [
        (format!("[{open},\r\n{last}\n]"), None),
        (format!("[{open},\r\n{last}"), Some(ErrorKind::Truncated)),
        (format!("[{open}]"), Some(ErrorKind::Truncated)),
        (format!("[{open},{error}]"), Some(ErrorKind::Overloaded)),
        (error.to_owned(), Some(ErrorKind::Overloaded)),
        ("[]".to_owned(), Some(ErrorKind::Truncated)),
        (String::new(), Some(ErrorKind::Truncated)),
        (format!("data: {last}\n\n"), Some(ErrorKind::Malformed)),
        ("[{\"a\":]}]".to_owned(), Some(ErrorKind::Malformed)),
    ] {
        for size in [1, 7, 1000] {
            let failed = match streamed(stream.as_bytes(), size).pop() {
                Some(Event::Stop) => None,
                Some(Event::Failed(fault)) => Some(fault.kind),
                other => panic!("{stream}: {other:?} is no end"),
            };
            assert_eq!(failed, expected, "{stream}");
        }
    }
}

#[test]
fn an_element_is_bounded() {
    let endless = format!("[{{\"a\":\"{}", "x".repeat(33 << 20));
    let events = streamed(endless.as_bytes(), 1 << 20);
    assert!(
        matches!(events.as_slice(), [Event::Failed(fault)] if fault.kind == ErrorKind::Malformed)
    );
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        pieces in prop::collection::vec(
            prop_oneof![
                Just(b"[".to_vec()), Just(b",".to_vec()), Just(b"]".to_vec()),
                Just(chunk("a", json!("STOP")).into_bytes()),
                Just(b"{\"candidates\":[[]]}".to_vec()),
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
    }
}
