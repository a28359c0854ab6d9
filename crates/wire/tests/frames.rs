//! Frames and what is left after them are the body, however it comes.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;
use wire::{FrameError, Framing, RawFrames, SseDecoder, event_data};

/// Cuts `body`, which comes in chunks of the given sizes, over and over.
fn cut(framing: Framing, body: &[u8], sizes: &[usize]) -> (Vec<Bytes>, Vec<u8>) {
    let (mut frames, mut out) = (RawFrames::new(framing, 1 << 16), Vec::new());
    let mut rest = body;
    for size in sizes.iter().cycle() {
        let (chunk, later) = rest.split_at((*size).min(rest.len()));
        frames.feed(chunk);
        while let Ok(Some(frame)) = frames.next() {
            out.push(frame);
        }
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    (out, frames.rest().to_vec())
}

fn check(framing: Framing, body: &str, frames: &[&str], rest: &str) {
    for size in [1, 2, 3, usize::MAX] {
        let (found, left) = cut(framing, body.as_bytes(), &[size]);
        assert_eq!(found, frames, "{body:?} in chunks of {size}");
        assert_eq!(left, rest.as_bytes(), "{body:?} in chunks of {size}");
    }
}

#[test]
fn events_end_with_their_empty_line() {
    check(Framing::Sse, "data: a\n\ndata: b\n\n", &["data: a\n\n", "data: b\n\n"], "");
    check(Framing::Sse, ": x\ndata: a\n\n\nevent: b\n", &[": x\ndata: a\n\n", "\n"], "event: b\n");
    check(Framing::Sse, "data: a\r\rdata: b\r\r", &["data: a\r\r", "data: b\r\r"], "");
    check(Framing::Sse, "\n", &["\n"], "");
}

#[test]
fn an_event_does_not_wait_for_a_line_feed_that_may_not_come() {
    let whole = "data: a\r\n\r\ndata: b\r\n\r\n";
    let (frames, rest) = cut(Framing::Sse, whole.as_bytes(), &[usize::MAX]);
    assert_eq!(frames, ["data: a\r\n\r\n", "data: b\r\n\r\n"]);
    assert!(rest.is_empty());
    let (frames, rest) = cut(Framing::Sse, whole.as_bytes(), &[10, 1]);
    assert_eq!(frames[..2], ["data: a\r\n\r", "\n"]);
    assert!(rest.is_empty());
}

#[test]
fn lines_end_with_their_line_feed() {
    check(Framing::Ndjson, "{}\r\n\n{\"a\"", &["{}\r\n", "\n"], "{\"a\"");
}

#[test]
fn elements_end_where_their_value_ends() {
    check(
        Framing::JsonArray,
        "[{\"a\":\"]},\\\"{\"}\r\n,\r\n{\"b\":[{}]}\n]",
        &["[{\"a\":\"]},\\\"{\"}", "\r\n,\r\n{\"b\":[{}]}", "\n]"],
        "",
    );
    check(
        Framing::JsonArray,
        "[[1],\"a\\\\\",2, null]\n",
        &["[[1]", ",\"a\\\\\"", ",2", ", null", "]"],
        "\n",
    );
    check(Framing::JsonArray, "[ ]", &["[ ]"], "");
    check(Framing::JsonArray, "[{\"a\":1},{\"b", &["[{\"a\":1}"], ",{\"b");
    check(Framing::JsonArray, "{\"error\":{}}", &["{\"error\":{}}"], "");
}

#[test]
fn large_frames_are_refused_before_they_end() {
    for framing in [Framing::Sse, Framing::Ndjson, Framing::JsonArray] {
        let mut frames = RawFrames::new(framing, 4);
        frames.feed(b"[\"34");
        assert_eq!(frames.next(), Ok(None));
        frames.feed(b"5");
        let error = FrameError::TooLarge { limit_bytes: 4 };
        assert_eq!(frames.next(), Err(error));
        frames.feed(b"\"\n\n");
        assert_eq!(frames.next(), Err(error));
    }
}

fn framing() -> impl Strategy<Value = Framing> {
    prop::sample::select(vec![Framing::Sse, Framing::Ndjson, Framing::JsonArray])
}

proptest! {
    #[test]
    fn nothing_is_changed(
        framing in framing(),
        body in "(data: ?[aé]{0,3}|event: x|: c|\r|\n|\r\n|[\\[\\]{}\",\\\\1n ]){0,40}",
        sizes in prop::collection::vec(1usize..6, 1..6),
    ) {
        let (frames, rest) = cut(framing, body.as_bytes(), &sizes);
        prop_assert!(frames.iter().all(|frame| !frame.is_empty()));
        prop_assert_eq!([frames.concat(), rest].concat(), body.as_bytes());
    }

    #[test]
    fn any_bytes_are_passed(
        framing in framing(), body: Vec<u8>, sizes in prop::collection::vec(1usize..9, 1..4),
    ) {
        let (frames, rest) = cut(framing, &body, &sizes);
        prop_assert_eq!([frames.concat(), rest].concat(), body);
    }

    /// Frames hold the events that the decoder sees, no more and no fewer.
    #[test]
    fn a_frame_holds_one_event(
        body in "(data: ?[aé]{0,3}|event: x|: c|\r|\n|\r\n){0,30}",
        sizes in prop::collection::vec(1usize..6, 1..6),
    ) {
        let mut decoder = SseDecoder::new(1 << 16);
        decoder.feed(body.as_bytes());
        let mut expected = Vec::new();
        while let Some(event) = decoder.next().unwrap() {
            expected.push(event.data.to_owned());
        }
        let (frames, _) = cut(Framing::Sse, body.as_bytes(), &sizes);
        let data: Vec<_> = frames.iter().filter_map(|frame| event_data(frame)).collect();
        prop_assert_eq!(data, expected);
    }

    #[test]
    fn chunk_boundaries_never_show_in_elements(
        body in "[\\[\\]{}\",\\\\1n \n]{0,40}", sizes in prop::collection::vec(1usize..6, 1..6),
    ) {
        prop_assert_eq!(
            cut(Framing::JsonArray, body.as_bytes(), &sizes),
            cut(Framing::JsonArray, body.as_bytes(), &[usize::MAX])
        );
    }

    #[test]
    fn a_frame_holds_one_element(
        elements in prop::collection::vec(r#"\{"a":"[\]\}\[,é]{0,3}\\"","b":\[\{\},-1e5\]\}|"x"|\[\]|12|null"#, 1..6),
        comma in "[ \r\n]{0,2},[ \r\n]{0,2}",
        sizes in prop::collection::vec(1usize..6, 1..6),
    ) {
        let body = format!("[{}]", elements.join(&comma));
        let (frames, rest) = cut(Framing::JsonArray, body.as_bytes(), &sizes);
        prop_assert!(rest.is_empty());
        let values: Vec<Value> = frames[..frames.len() - 1]
            .iter()
            .map(|frame| std::str::from_utf8(frame).unwrap())
            .map(|text| text.trim_start_matches([' ', '\r', '\n', ',']))
            .enumerate()
            .map(|(i, text)| serde_json::from_str(if i == 0 { &text[1..] } else { text }).unwrap())
            .collect();
        let expected: Vec<Value> =
            elements.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        prop_assert_eq!(values, expected);
    }
}
