//! `rate_limit`: so many chats may start in any minute, and all at once.

use serde_json::json;
use testkit::scripted::ScriptedProvider;

use crate::harness::{Answer, Gateway, at_once, openai};

fn limited(gateway: &Gateway, name: &str, limit: u32) -> ScriptedProvider {
    let provider = openai().start();
    let mut body = openai().registration(name, &provider);
    body["rate_limit"] = json!(limit);
    gateway.register(&body);
    provider
}

fn chat(gateway: &Gateway, name: &str) -> Answer {
    gateway.chat(&json!({ "message": "hi", "provider": name }))
}

#[test]
fn one_more_is_told_when_to_come_back() {
    let gateway = Gateway::start();
    let provider = limited(&gateway, "x", 2);
    chat(&gateway, "x").expect(200);
    chat(&gateway, "x").expect(200);
    for stream in [false, true] {
        let refused = gateway.chat(&json!({ "message": "hi", "provider": "x", "stream": stream }));
        refused.refused_with(429, "Provider x is limited to 2 chats a minute");
        let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(provider.calls(), 2);
}

#[test]
fn all_may_come_at_once_and_no_more() {
    let gateway = Gateway::start();
    let provider = limited(&gateway, "x", 5);
    let answers = at_once(12, |_| chat(&gateway, "x").status);
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 7, "{answers:?}");
    assert_eq!(provider.calls(), 5);
}

#[test]
fn each_provider_has_its_own() {
    let gateway = Gateway::start();
    let _providers = [limited(&gateway, "x", 1), limited(&gateway, "y", 1)];
    assert_eq!([chat(&gateway, "x").status, chat(&gateway, "y").status], [200, 200]);
    assert_eq!([chat(&gateway, "x").status, chat(&gateway, "y").status], [429, 429]);
}

#[test]
fn probes_and_model_lists_do_not_count() {
    let gateway = Gateway::start();
    let _provider = limited(&gateway, "x", 1);
    gateway.get("/api/providers/x/models").expect(200);
    gateway.get("/api/providers/x/health").expect(200);
    gateway.get("/api/providers/models").expect(200);
    chat(&gateway, "x").expect(200);
    gateway.get("/api/providers/x/models?refresh=true").expect(200);
}

#[test]
fn setting_it_begins_with_an_empty_window() {
    let gateway = Gateway::start();
    let _provider = limited(&gateway, "x", 1);
    chat(&gateway, "x").expect(200);
    assert_eq!(chat(&gateway, "x").status, 429);
    gateway.patch("x", &json!({ "rate_limit": 1 })).expect(200);
    chat(&gateway, "x").expect(200);
    assert_eq!(chat(&gateway, "x").status, 429);
    gateway.patch("x", &json!({ "default_model": "alpha", "timeout": 5 })).expect(200);
    assert_eq!(chat(&gateway, "x").status, 429, "another change leaves the window alone");
    gateway.patch("x", &json!({ "rate_limit": null })).expect(200);
    for _ in 0..3 {
        chat(&gateway, "x").expect(200);
    }
}
