//! What holds for every stream decoder, whatever it is fed.
#![allow(clippy::expect_used)]

use std::sync::LazyLock;

use canonical::{Dialect, ErrorKind, Event, EventChecker};
use dialects::{Codec, DIALECTS};
use proptest::prelude::*;
use testkit::fixtures;

/// Feeds `bytes` in chunks of the given sizes, over and over.
fn decode(codec: &dyn Codec, bytes: &[u8], sizes: &[usize]) -> Vec<Event> {
    let (mut decoder, mut events) = (codec.stream_decoder(), Vec::new());
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        let (chunk, later) = rest.split_at((*size).min(rest.len()));
        decoder.feed(chunk, &mut events);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    decoder.finish(&mut events);
    decoder.feed(b"data: more\n\n", &mut events);
    decoder.finish(&mut events);
    events
}

/// Our recorded streams, each with its codec.
static STREAMS: LazyLock<Vec<(&'static dyn Codec, Vec<u8>)>> = LazyLock::new(|| {
    let of = |codec: &'static dyn Codec| {
        let cases = fixtures::own(codec.dialect().as_str()).into_iter();
        cases.filter(|case| case.is_stream).map(move |case| (codec, case.body))
    };
    DIALECTS.into_iter().flat_map(of).collect()
});

fn assert_in_order(events: &[Event]) {
    let mut checker = EventChecker::default();
    for event in events {
        checker.check(event).expect("events in order");
    }
    assert!(checker.is_ended(), "{events:?}");
}

#[test]
fn a_stream_cut_anywhere_but_in_its_last_bytes_is_no_answer() {
    for (codec, bytes) in STREAMS.iter() {
        let whole = decode(*codec, bytes, &[usize::MAX]);
        if whole.last() != Some(&Event::Stop) {
            continue;
        }
        for end in 0..bytes.len() / 2 {
            let events = decode(*codec, bytes.get(..end).expect("a cut"), &[usize::MAX]);
            assert_in_order(&events);
            let cut = matches!(events.last(), Some(Event::Failed(fault)) if fault.kind == ErrorKind::Truncated);
            assert!(cut, "{} at {end}: {events:?}", codec.dialect());
        }
    }
}

#[test]
fn an_endless_frame_is_refused() {
    for codec in DIALECTS {
        let (mut decoder, mut events) = (codec.stream_decoder(), Vec::new());
        // Gemini's frames may have 32 MiB, those of all others one.
        for _ in 0..600 {
            decoder.feed(&[b'x'; 65_536], &mut events);
        }
        let refused = matches!(events.as_slice(), [Event::Failed(fault)] if fault.kind == ErrorKind::Malformed);
        assert!(refused, "{}: {events:?}", codec.dialect());
    }
}

#[test]
fn a_piece_of_the_wrong_type_is_refused() {
    for (dialect, bytes) in [
        (
            Dialect::OpenAiChat,
            "data: {\"choices\":[{\"delta\":{\"content\":5}}]}\n\ndata: [DONE]\n\n",
        ),
        (
            Dialect::OpenAiResponses,
            "data: {\"type\":\"response.output_text.delta\",\"delta\":5}\n\n",
        ),
        (Dialect::Mistral, "data: {\"choices\":[{\"delta\":5}]}\n\ndata: [DONE]\n\n"),
        (Dialect::Gemini, "data: {\"candidates\":[{\"content\":5,\"finishReason\":\"STOP\"}]}\n\n"),
        (Dialect::Ollama, "{\"message\":{\"content\":5},\"done\":true}\n"),
        (Dialect::Ollama, "{\"message\":5,\"done\":true}"),
    ] {
        let events = decode(dialects::codec(dialect), bytes.as_bytes(), &[usize::MAX]);
        assert_in_order(&events);
        let refused = matches!(events.last(), Some(Event::Failed(fault)) if fault.kind == ErrorKind::Malformed);
        assert!(refused, "{dialect}: {events:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunk_boundaries_never_show(
        index: prop::sample::Index,
        sizes in prop::collection::vec(1usize..40, 1..8),
    ) {
        let (codec, bytes) = index.get(&STREAMS);
        prop_assert_eq!(decode(*codec, bytes, &sizes), decode(*codec, bytes, &[usize::MAX]));
    }

    #[test]
    fn damage_is_survived(
        index: prop::sample::Index,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        sizes in prop::collection::vec(1usize..40, 1..8),
    ) {
        let (codec, bytes) = index.get(&STREAMS);
        let mut bytes = bytes.clone();
        for (place, byte) in damage {
            *place.get_mut(&mut bytes) = byte;
        }
        let events = decode(*codec, &bytes, &sizes);
        assert_in_order(&events);
        prop_assert_eq!(events, decode(*codec, &bytes, &[usize::MAX]));
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        for codec in DIALECTS {
            assert_in_order(&decode(codec, &bytes, &[3]));
            let _ = codec.decode_response(&bytes);
            let _ = codec.decode_models(&bytes);
        }
    }
}
