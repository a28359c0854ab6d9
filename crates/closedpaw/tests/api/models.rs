//! Lists of models: asked of the providers themselves, kept, narrowed, and old rather than none.

use std::{
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::harness::{Gateway, VENDORS, at_once, openai, vendor};

fn list(gateway: &Gateway, name: &str) -> Value {
    gateway.get(&format!("/api/providers/{name}/models")).expect(200)
}

#[test]
fn each_type_is_asked_for_its_own_list() {
    let gateway = Gateway::start();
    let mut expected = json!({});
    let providers: Vec<_> = VENDORS.iter().map(|vendor| (vendor, vendor.start())).collect();
    for (vendor, provider) in &providers {
        let name = format!("my-{}", vendor.provider_type);
        gateway.register(&vendor.registration(&name, provider));
        let models = list(&gateway, &name);
        assert_eq!(models, json!({ "provider": name, "models": ["alpha", "beta"] }));
        let request = &provider.requests()[0];
        assert_eq!(request.target.split('?').next(), Some(vendor.models_target));
        expected[&name] = json!(["alpha", "beta"]);
        if vendor.provider_type != "ollama" {
            let (header, prefix) = vendor.credential;
            let key = format!("{prefix}{}", vendor.key());
            assert_eq!(request.header(header), Some(key.as_str()));
            assert!(!request.target.contains(&vendor.key()), "the key stands in the URL");
        }
    }
    gateway.delete("ollama").expect(200);
    assert_eq!(gateway.get("/api/providers/models").expect(200), expected);
}

/// Answers three pages by the parameter that asks for the next one.
fn paged(next: &'static str, page: fn(&str) -> Value) -> ScriptedProvider {
    ScriptedProvider::start(move |request| {
        let after = request.target.split(['?', '&']).find_map(|pair| pair.strip_prefix(next));
        Answer::json(200, page(after.unwrap_or_default()).to_string())
    })
}

#[test]
fn anthropics_pages_are_put_together() {
    let provider = paged("after_id=", |after| match after {
        "" => json!({ "data": [{ "id": "a" }, { "id": "b" }], "has_more": true, "last_id": "b" }),
        "b" => json!({ "data": [{ "id": "c" }], "has_more": true, "last_id": "c" }),
        _ => json!({ "data": [{ "id": "d" }], "has_more": false, "last_id": "d" }),
    });
    let gateway = Gateway::start();
    gateway.register(&vendor("anthropic").registration("x", &provider));
    assert_eq!(list(&gateway, "x")["models"], json!(["a", "b", "c", "d"]));
    assert_eq!(provider.calls(), 3);
}

#[test]
fn googles_pages_are_put_together() {
    let provider = paged("pageToken=", |token| match token {
        "" => json!({ "models": [{ "name": "models/a" }], "nextPageToken": "two" }),
        "two" => json!({ "models": [{ "name": "models/b" }], "nextPageToken": "three" }),
        _ => json!({ "models": [{ "name": "tunedModels/c" }] }),
    });
    let gateway = Gateway::start();
    gateway.register(&vendor("google").registration("x", &provider));
    assert_eq!(list(&gateway, "x")["models"], json!(["a", "b", "tunedModels/c"]));
    assert_eq!(provider.calls(), 3);
}

#[test]
fn pages_that_never_end_are_an_error() {
    let provider = paged("pageToken=", |_| json!({ "models": [], "nextPageToken": "more" }));
    let gateway = Gateway::start();
    gateway.register(&vendor("google").registration("x", &provider));
    let models = list(&gateway, "x");
    assert_eq!(models["models"], json!([]));
    assert!(models["error"].as_str().unwrap().contains("did not end"), "{models}");
}

#[test]
fn a_configured_list_narrows_the_real_one() {
    let provider = openai().start();
    let gateway = Gateway::start();
    let mut body = openai().registration("x", &provider);
    body["models"] = json!(["beta", "not-there"]);
    gateway.register(&body);
    assert_eq!(list(&gateway, "x")["models"], json!(["beta"]));
    gateway.patch("x", &json!({ "models": [] })).expect(200);
    assert_eq!(list(&gateway, "x")["models"], json!(["alpha", "beta"]));
}

#[test]
fn a_list_is_kept_until_a_refresh_is_asked_for() {
    let provider = openai().start();
    let gateway = Gateway::start();
    gateway.register(&openai().registration("x", &provider));
    for _ in 0..3 {
        list(&gateway, "x");
        gateway.get("/api/providers/models").expect(200);
        gateway.get("/api/providers/x/models?refresh=false").expect(200);
    }
    assert_eq!(provider.calls(), 1);
    gateway.get("/api/providers/x/models?refresh=true").expect(200);
    assert_eq!(provider.calls(), 2);
    let detail = gateway.get("/api/providers/x/models?refresh=perhaps").expect(422);
    assert_eq!(detail["detail"][0]["loc"], json!(["query", "refresh"]));
}

#[test]
fn many_who_ask_at_once_share_one_request() {
    let slow = Answer::json(200, openai().models).after(Duration::from_millis(200));
    let provider = ScriptedProvider::always(slow);
    let gateway = Gateway::start();
    gateway.register(&openai().registration("x", &provider));
    for answer in at_once(20, |_| list(&gateway, "x")) {
        assert_eq!(answer["models"], json!(["alpha", "beta"]));
    }
    assert_eq!(provider.calls(), 1);
    for answer in at_once(20, |_| gateway.get("/api/providers/x/models?refresh=true")) {
        answer.expect(200);
    }
    assert!(provider.calls() <= 3, "{} calls", provider.calls());
}

#[test]
fn a_provider_that_fails_serves_its_last_list() {
    let fails = Arc::new(AtomicBool::new(false));
    let provider = ScriptedProvider::start({
        let fails = Arc::clone(&fails);
        move |request| match fails.load(Ordering::SeqCst) {
            true => Answer::json(500, r#"{"error":{"message":"on fire"}}"#),
            false => openai().answer_to(request),
        }
    });
    let gateway = Gateway::start();
    gateway.register(&openai().registration("x", &provider));
    list(&gateway, "x");
    fails.store(true, Ordering::SeqCst);
    let stale = gateway.get("/api/providers/x/models?refresh=true").expect(200);
    assert_eq!(stale["models"], json!(["alpha", "beta"]));
    assert_eq!(stale["stale"], true);
    assert!(stale["error"].as_str().unwrap().contains("on fire"), "{stale}");
    fails.store(false, Ordering::SeqCst);
    let fresh = gateway.get("/api/providers/x/models?refresh=true").expect(200);
    assert_eq!(fresh, json!({ "provider": "x", "models": ["alpha", "beta"] }));
}

#[test]
fn a_provider_that_was_never_reached_has_no_list_and_a_reason() {
    let gateway = Gateway::start();
    let provider = openai().start();
    gateway.register(&openai().registration("gone", &provider));
    drop(provider);
    let models = list(&gateway, "gone");
    assert_eq!(models["models"], json!([]));
    assert_eq!(models.get("stale"), None);
    assert!(models["error"].as_str().unwrap().contains("refused the connection"), "{models}");

    let refuses = ScriptedProvider::always(Answer::json(401, r#"{"error":{"message":"bad key"}}"#));
    gateway.register(&openai().registration("refuses", &refuses));
    let error = list(&gateway, "refuses")["error"].clone();
    assert_eq!(error, "refuses answered 401: bad key");
    let all = gateway.get("/api/providers/models").expect(200);
    assert_eq!(all["gone"], json!([]));
    assert_eq!(all["refuses"], json!([]));
}

#[test]
fn all_are_asked_side_by_side() {
    let gateway = Gateway::start();
    gateway.delete("ollama").expect(200);
    let slow = Answer::json(200, openai().models).after(Duration::from_millis(400));
    let providers: Vec<_> = (0..8).map(|_| ScriptedProvider::always(slow.clone())).collect();
    for (index, provider) in providers.iter().enumerate() {
        gateway.register(&openai().registration(&format!("p{index}"), provider));
    }
    let began = std::time::Instant::now();
    assert_eq!(gateway.get("/api/providers/models").expect(200).as_object().unwrap().len(), 8);
    assert!(began.elapsed() < Duration::from_millis(8 * 400), "{:?}", began.elapsed());
}

#[test]
fn an_unknown_provider_is_not_found() {
    let gateway = Gateway::start();
    gateway.get("/api/providers/nobody/models").refused(404, "Provider not found");
}

#[test]
fn a_disabled_provider_is_in_no_list_but_that_of_providers() {
    let provider = openai().start();
    let gateway = Gateway::start();
    gateway.delete("ollama").expect(200);
    let mut body = openai().registration("off", &provider);
    body["enabled"] = json!(false);
    gateway.register(&body);
    assert_eq!(gateway.names(), ["off"]);
    assert_eq!(gateway.get("/api/providers/models").expect(200), json!({}));
    assert_eq!(gateway.get("/api/providers/health").expect(200), json!({}));
    gateway.get("/api/providers/off/models").refused_with(400, "Provider off is disabled");
    gateway.get("/api/providers/off/health").refused_with(400, "Provider off is disabled");
    for stream in [false, true] {
        let chat = json!({ "message": "hi", "provider": "off", "stream": stream });
        gateway.chat(&chat).refused_with(400, "Provider off is disabled");
    }
    assert_eq!(provider.calls(), 0);
    gateway.patch("off", &json!({ "enabled": true })).expect(200);
    gateway.chat(&json!({ "message": "hi", "provider": "off" })).expect(200);
}
