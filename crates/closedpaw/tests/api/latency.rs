//! How long answers take to begin is learnt from each of them, at once.

use serde_json::{Value, json};
use testkit::scripted::End;

use crate::harness::{Gateway, eventually, openai};

/// What the gateway expects of the provider's model now, in milliseconds.
fn expected_ms(gateway: &Gateway) -> f64 {
    let asked = json!({ "provider": "x" });
    let told: Value = gateway.ask("POST", "/api/explain").json(&asked).send().expect(200);
    told["candidates"][0]["expected_ms"].as_f64().unwrap()
}

#[test]
fn a_whole_answer_is_measured() {
    let gateway = Gateway::start();
    let provider = openai().start();
    gateway.register(&openai().registration("x", &provider));
    assert!(expected_ms(&gateway) == 0.0);
    gateway.chat(&json!({ "message": "hi", "provider": "x" })).expect(200);
    assert!(expected_ms(&gateway) > 0.0);
}

#[test]
fn a_stream_is_measured_when_it_begins() {
    let gateway = Gateway::start();
    let (first, _) = openai().stream_in_two();
    let provider = openai().start_with_chat(openai().streamed([first]).ending(End::Hang));
    gateway.register(&openai().registration("x", &provider));
    let body = json!({ "message": "hi", "provider": "x", "stream": true });
    let mut live = gateway.ask("POST", "/api/chat/multi").json(&body).open();
    live.event().unwrap();
    // While nothing is known, each that runs counts as 10 s.
    eventually("the first byte is measured while the stream runs", || {
        let expected = expected_ms(&gateway);
        expected > 0.0 && expected < 10_000.0
    });
}
