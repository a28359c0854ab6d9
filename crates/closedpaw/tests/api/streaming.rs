//! `POST /api/chat/multi` with `stream: true`: server-sent events, and how they end.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::scripted::{Answer, Body, End, ScriptedProvider};

use crate::harness::{Gateway, Live, VENDORS, Vendor, eventually, openai};

fn open(gateway: &Gateway, name: &str) -> Live {
    let body = json!({ "message": "hi", "provider": name, "stream": true });
    gateway.ask("POST", "/api/chat/multi").json(&body).open()
}

/// Reads the pieces of text and then the last event, after which there is nothing.
fn read(mut live: Live) -> (Vec<String>, String, Value) {
    let mut pieces = Vec::new();
    loop {
        let (event, data) = live.event().expect("a last event");
        if !event.is_empty() {
            assert_eq!(live.event(), None, "nothing follows the last event");
            return (pieces, event, data);
        }
        assert_eq!(data.as_object().expect("an object").len(), 1, "{data}");
        pieces.push(data["delta"].as_str().expect("a delta").to_owned());
    }
}

/// Registers a vendor whose streams are these.
fn registered(gateway: &Gateway, vendor: &'static Vendor, chat: Answer) -> ScriptedProvider {
    let provider = vendor.start_with_chat(chat);
    gateway.register(&vendor.registration("x", &provider));
    provider
}

#[test]
fn each_type_streams_pieces_and_then_done() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        let provider = vendor.start();
        gateway.register(&vendor.registration("x", &provider));
        let live = open(&gateway, "x");
        assert_eq!(live.status, 200);
        assert_eq!(live.header("content-type"), Some("text/event-stream"));
        assert_eq!(live.header("x-closedpaw-provider"), Some("x"));
        let (pieces, event, mut data) = read(live);
        assert_eq!(
            (pieces.as_slice(), event.as_str()),
            (&["Hello".to_owned(), " world!".to_owned()][..], "done")
        );

        let chat = json!({ "message": "hi", "provider": "x" });
        let mut whole = gateway.chat(&chat).expect(200);
        whole.as_object_mut().unwrap().shift_remove("response");
        assert!(whole["latency_ms"].take().is_u64() && data["latency_ms"].take().is_u64());
        assert_eq!(data, whole, "{}", vendor.provider_type);
        assert_eq!(provider.requests()[0].target, vendor.chat_targets[1]);
        gateway.delete("x").expect(200);
    }
}

#[test]
fn a_piece_is_passed_on_as_soon_as_it_came() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        let (first, _) = vendor.stream_in_two();
        let provider = registered(&gateway, vendor, vendor.streamed([first]).ending(End::Hang));
        let mut live = open(&gateway, "x");
        let piece = (String::new(), json!({ "delta": "Hello" }));
        assert_eq!(live.event(), Some(piece), "{}", vendor.provider_type);
        drop(live);
        eventually("the provider is hung up when the caller leaves", || {
            provider.disconnects() == 1
        });
        gateway.delete("x").expect(200);
    }
}

#[test]
fn the_same_comes_whatever_the_chunks_are() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        for size in [1, 7, 100] {
            let pieces = vendor.stream.as_bytes().chunks(size).map(<[u8]>::to_vec);
            let _provider = registered(&gateway, vendor, vendor.streamed(pieces));
            let (pieces, event, data) = read(open(&gateway, "x"));
            assert_eq!((pieces.concat().as_str(), event.as_str()), ("Hello world!", "done"));
            assert_eq!(data["tokens"], 10);
            gateway.delete("x").expect(200);
        }
    }
}

#[test]
fn an_answer_that_breaks_off_ends_with_an_error() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        let (first, _) = vendor.stream_in_two();
        for end in [End::Cut, End::Reset, End::Clean] {
            let _provider = registered(&gateway, vendor, vendor.streamed([first]).ending(end));
            let live = open(&gateway, "x");
            assert_eq!(live.status, 200, "{} {end:?}", vendor.provider_type);
            let (pieces, event, data) = read(live);
            assert_eq!((pieces.concat().as_str(), event.as_str()), ("Hello", "error"));
            assert_eq!(data["status"], 502, "{data}");
            assert!(data["detail"].as_str().unwrap().starts_with("x: "), "{data}");
            gateway.delete("x").expect(200);
        }
    }
}

#[test]
fn an_error_in_the_middle_is_passed_on() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        let (first, _) = vendor.stream_in_two();
        let error = match vendor.provider_type {
            "ollama" => "{\"error\":\"ran out of memory\"}\n",
            "anthropic" => {
                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"ran out of memory\"}}\n\n"
            }
            "google" => {
                "data: {\"error\":{\"code\":500,\"status\":\"INTERNAL\",\"message\":\"ran out of memory\"}}\n\n"
            }
            _ => {
                "data: {\"error\":{\"message\":\"ran out of memory\",\"type\":\"server_error\"}}\n\n"
            }
        };
        let _provider = registered(&gateway, vendor, vendor.streamed([first, error]));
        let (pieces, event, data) = read(open(&gateway, "x"));
        assert_eq!((pieces.concat().as_str(), event.as_str()), ("Hello", "error"));
        assert!(data["detail"].as_str().unwrap().contains("ran out of memory"), "{data}");
        assert_eq!(data["status"], 502, "{}: {data}", vendor.provider_type);
        gateway.delete("x").expect(200);
    }
}

#[test]
fn an_early_failure_is_a_real_status() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        for (answer, status) in [
            (Answer::json(400, r#"{"error":{"message":"no"}}"#), 400),
            (Answer::json(429, r#"{"error":{"message":"no"}}"#), 429),
            (vendor.streamed(["\n"]), 502),
            (vendor.streamed([""; 0]).ending(End::Cut), 502),
        ] {
            let _provider = registered(&gateway, vendor, answer);
            let answer = open(&gateway, "x").whole();
            assert_eq!(answer.status, status, "{}: {}", vendor.provider_type, answer.text());
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert!(answer.expect(status)["detail"].is_string());
            gateway.delete("x").expect(200);
        }
    }
}

#[test]
fn a_stream_that_falls_silent_ends_at_the_timeout() {
    let gateway = Gateway::start();
    let (first, _) = openai().stream_in_two();
    let provider = openai().start_with_chat(openai().streamed([first]).ending(End::Hang));
    let mut body = openai().registration("x", &provider);
    body["timeout"] = json!(0.5);
    gateway.register(&body);
    let (pieces, event, data) = read(open(&gateway, "x"));
    assert_eq!((pieces.concat().as_str(), event.as_str()), ("Hello", "error"));
    assert_eq!(data["status"], 504, "{data}");
    eventually("the provider is hung up", || provider.disconnects() == 1);
}

#[test]
fn thoughts_are_no_part_of_the_answer() {
    let gateway = Gateway::start();
    let stream = "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"Hmm.\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Yes.\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n\
        data: [DONE]\n\n";
    let _provider = registered(&gateway, openai(), openai().streamed([stream]));
    let (pieces, event, data) = read(open(&gateway, "x"));
    assert_eq!((pieces, event.as_str()), (vec!["Yes.".to_owned()], "done"));
    assert_eq!(data["finish_reason"], "length");
    assert_eq!(data["tokens"], Value::Null, "nobody said how many");
}

#[test]
fn a_slow_stream_keeps_its_order() {
    let gateway = Gateway::start();
    let pieces = openai().stream.split_inclusive("\n\n");
    let chunks =
        pieces.map(|piece| (Duration::from_millis(20), piece.as_bytes().to_vec())).collect();
    let slow = Answer { body: Body::Chunks(chunks), ..openai().streamed([""; 0]) };
    let _provider = registered(&gateway, openai(), slow);
    let (pieces, event, _) = read(open(&gateway, "x"));
    assert_eq!((pieces.concat().as_str(), event.as_str()), ("Hello world!", "done"));
}
