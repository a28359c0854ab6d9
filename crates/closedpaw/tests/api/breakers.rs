//! A model that keeps failing is left alone, and whoever asked is told for how long.

use serde_json::{Value, json};

use crate::harness::{CALLERS, Gateway, Moody, eventually, vendor};

/// A provider `x`, and what its health says.
struct Rig {
    gateway: Gateway,
    provider: Moody,
}

impl Rig {
    fn start() -> Self {
        let gateway = Gateway::start();
        let provider = Moody::start_of(vendor("custom"));
        provider.register(&gateway, "x");
        Self { gateway, provider }
    }

    fn status(&self, model: &str) -> u16 {
        self.gateway.small_chat(model).send().status
    }

    fn health(&self) -> Value {
        self.gateway.get("/api/providers/x/health").expect(200)
    }
}

#[test]
fn five_failures_in_a_row_open_it_for_one_model() {
    let rig = Rig::start();
    rig.provider.fail(500);
    for _ in 0..4 {
        assert_eq!(rig.status("x/alpha"), 502);
    }
    assert_eq!(rig.health()["breaker"], "closed");
    rig.provider.recover();
    assert_eq!(rig.status("x/alpha"), 200, "an answer in between starts the count anew");
    rig.provider.fail(500);
    for _ in 0..4 {
        assert_eq!(rig.status("x/alpha"), 502);
    }
    assert_eq!(rig.health()["breaker"], "closed");
    assert_eq!(rig.status("x/alpha"), 502);
    let health = rig.health();
    assert_eq!(health["breaker"], "open");
    assert_eq!(
        health["models"][0],
        json!({
            "model": "alpha", "breaker": "open", "in_flight": 0,
            "expected_ms": health["models"][0]["expected_ms"],
        })
    );
    rig.provider.recover();
    assert_eq!(rig.status("x/beta"), 200, "another model is another matter");
}

#[test]
fn while_it_is_open_callers_are_told_when_to_come_back() {
    let rig = Rig::start();
    rig.provider.fail(503);
    for _ in 0..5 {
        assert_eq!(rig.status("x/alpha"), 503);
    }
    let mut unasked = 0;
    for caller in CALLERS.iter().filter(|caller| caller.name != "mistral_fim") {
        for stream in [false, true] {
            let before = rig.provider.chats();
            let refused = caller.ask(&rig.gateway, "x/alpha", stream).send();
            let status = if caller.name == "anthropic" { 529 } else { 503 };
            let message = caller.error(status, &refused.expect(status));
            let wait: u64 = refused.header("retry-after").expect("a wait").parse().unwrap();
            assert!((1..=60).contains(&wait), "{}: {wait}", caller.name);
            // Once a second it is tried after all, as nobody else is left.
            if refused.header("x-closedpaw-attempts") == Some("0") {
                assert!(message.contains("keeps failing"), "{}: {message}", caller.name);
                assert_eq!(rig.provider.chats(), before);
                unasked += 1;
            }
        }
    }
    assert!(unasked > 0);
    let multi = rig.gateway.chat(&json!({ "message": "hi", "provider": "x" }));
    assert_eq!(multi.status, 503);
    assert!(multi.header("retry-after").is_some());
}

#[test]
fn a_route_goes_round_it() {
    let rig = Rig::start();
    let other = Moody::start();
    other.register(&rig.gateway, "other");
    rig.gateway.route("r", "priority", &["x/alpha", "other/alpha"]);
    rig.provider.fail(500);
    let attempts = |answer: &crate::harness::Answer| {
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.header("x-closedpaw-attempts").unwrap().to_owned()
    };
    for _ in 0..5 {
        assert_eq!(attempts(&rig.gateway.small_chat("r").send()), "2");
    }
    for _ in 0..20 {
        assert_eq!(attempts(&rig.gateway.small_chat("r").send()), "1");
    }
    assert_eq!((rig.provider.chats(), other.chats()), (5, 25));
}

#[test]
fn faults_of_callers_keys_and_rates_never_open_it() {
    for status in [400, 413, 422, 404, 429] {
        let rig = Rig::start();
        rig.provider.fail(status);
        for _ in 0..30 {
            assert_eq!(rig.status("x/alpha"), status);
        }
        // A key that was used too often is not used again at once.
        assert!(rig.provider.chats() == 30 || status == 429, "{status}");
        let health = rig.health();
        assert_eq!(health["models"][0]["breaker"], "closed", "{status}: {health}");
        rig.provider.recover();
        eventually("it is asked again", || rig.status("x/alpha") == 200);
    }
}
