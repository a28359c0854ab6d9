//! Health and test: what probes find out, and what they cost.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::harness::{Gateway, VENDORS, Vendor, openai, vendor};

fn health(gateway: &Gateway, name: &str) -> Value {
    gateway.get(&format!("/api/providers/{name}/health")).expect(200)
}

fn error(status: u16, message: &str) -> Answer {
    Answer::json(status, json!({ "error": { "message": message } }).to_string())
}

/// A provider that answers every request so.
fn registered(
    gateway: &Gateway,
    vendor: &'static Vendor,
    name: &str,
    answer: Answer,
) -> ScriptedProvider {
    let provider = ScriptedProvider::always(answer);
    gateway.register(&vendor.registration(name, &provider));
    provider
}

#[test]
fn a_probe_tells_the_states_apart() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        let name = |state: &str| format!("{}-{state}", vendor.provider_type);
        let html = Answer::new(200, "<html>welcome</html>");
        let rows = [
            ("up", true, Answer::json(200, vendor.models)),
            ("rate_limited", true, error(429, "slow down").header("retry-after", "7")),
            ("key_refused", false, error(401, "bad key")),
            ("failing", false, error(500, "on fire")),
            ("failing", false, html),
        ];
        for (index, (state, healthy, answer)) in rows.into_iter().enumerate() {
            let name = name(&format!("{state}{index}"));
            let provider = registered(&gateway, vendor, &name, answer);
            let report = health(&gateway, &name);
            assert_eq!(report["state"], state, "{name}: {report}");
            assert_eq!(report["healthy"], healthy, "{name}");
            assert_eq!(report["error"].is_null(), state == "up", "{name}: {report}");
            assert!(report["latency_ms"].is_u64() && report["breaker"].is_string(), "{report}");
            assert!(report["checked_at"].as_str().unwrap().ends_with('Z'), "{report}");
            for request in provider.requests() {
                assert_eq!(request.method, "GET", "{name}: a probe costs no tokens");
            }
            gateway.delete(&name).expect(200);
        }
    }
}

#[test]
fn a_provider_that_is_gone_is_unreachable() {
    let gateway = Gateway::start();
    let provider = openai().start();
    gateway.register(&openai().registration("gone", &provider));
    drop(provider);
    let report = health(&gateway, "gone");
    assert_eq!(report["state"], "unreachable");
    assert_eq!(report["healthy"], false);
    assert!(report["error"].as_str().unwrap().contains("refused the connection"), "{report}");
}

#[test]
fn the_list_tells_every_enabled_provider() {
    let gateway = Gateway::start();
    let (up, down) = (openai().start(), ScriptedProvider::always(error(500, "on fire")));
    gateway.register(&openai().registration("up", &up));
    gateway.register(&openai().registration("down", &down));
    gateway.delete("ollama").expect(200);
    let all = gateway.get("/api/providers/health").expect(200);
    assert_eq!(all, json!({ "up": true, "down": false }));
}

#[test]
fn fifty_providers_of_which_ten_hang_answer_within_one_limit() {
    const LIMIT: Duration = Duration::from_secs(2);
    let gateway = Gateway::start();
    gateway.delete("ollama").expect(200);
    let (up, hangs) = (openai().start(), ScriptedProvider::always(Answer::silence()));
    for index in 0..50 {
        let provider = if index % 5 == 0 { &hangs } else { &up };
        let mut body = openai().registration(&format!("p{index}"), provider);
        body["timeout"] = json!(LIMIT.as_secs());
        gateway.register(&body);
    }
    let began = Instant::now();
    let all = gateway.get("/api/providers/health").expect(200);
    assert!(began.elapsed() < 3 * LIMIT, "{:?}", began.elapsed());
    let all = all.as_object().unwrap();
    assert_eq!(all.len(), 50);
    for (name, healthy) in all {
        let hangs = name[1..].parse::<u32>().unwrap() % 5 == 0;
        assert_eq!(*healthy, json!(!hangs), "{name}");
    }
    assert_eq!(hangs.calls(), 10);
}

#[test]
fn a_young_report_is_told_again() {
    let gateway = Gateway::start();
    let provider = openai().start();
    gateway.register(&openai().registration("x", &provider));
    let first = health(&gateway, "x");
    assert_eq!(health(&gateway, "x"), first);
    gateway.get("/api/providers/health").expect(200);
    assert_eq!(provider.calls(), 1);
}

#[test]
fn a_new_key_is_probed_anew() {
    let gateway = Gateway::start();
    let provider = ScriptedProvider::start(|request| match request.header("authorization") {
        Some("Bearer right") => openai().answer_to(request),
        _ => error(401, "bad key"),
    });
    gateway.register(&openai().registration("x", &provider));
    assert_eq!(health(&gateway, "x")["state"], "key_refused");
    gateway.patch("x", &json!({ "api_key": "right" })).expect(200);
    assert_eq!(health(&gateway, "x")["state"], "up");
}

#[test]
fn a_provider_nobody_asked_for_is_not_probed() {
    let gateway = Gateway::start();
    let provider = openai().start();
    gateway.register(&openai().registration("x", &provider));
    gateway.show("x");
    gateway.get("/api/providers").expect(200);
    assert_eq!((provider.calls(), provider.connections()), (0, 0));
}

fn test(gateway: &Gateway, name: &str) -> Value {
    gateway.ask("POST", &format!("/api/providers/{name}/test")).send().expect(200)
}

#[test]
fn a_test_proves_that_the_model_answers() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        let provider = vendor.start();
        let name = format!("my-{}", vendor.provider_type);
        gateway.register(&vendor.registration(&name, &provider));
        let report = test(&gateway, &name);
        for proof in ["ok", "reachable", "model_answers"] {
            assert_eq!(report[proof], true, "{name}: {proof}: {report}");
        }
        let has_key = vendor.provider_type != "ollama";
        assert_eq!(report["key_accepted"], json!(has_key.then_some(true)), "{name}");
        assert_eq!(report["model"], "alpha");
        assert_eq!(report["error"], Value::Null);
        assert!(provider.requests().iter().any(|request| request.method == "POST"));
    }
}

#[test]
fn a_test_tells_what_failed() {
    let gateway = Gateway::start();
    let _refuses = registered(&gateway, openai(), "refuses", error(401, "bad key"));
    let report = test(&gateway, "refuses");
    assert_eq!((&report["ok"], &report["reachable"]), (&json!(false), &json!(true)));
    assert_eq!(report["key_accepted"], false);
    assert_eq!(report["error"], "refuses answered 401: bad key");

    let no_model = openai().start_with_chat(error(404, "no such model"));
    gateway.register(&openai().registration("no-model", &no_model));
    let report = test(&gateway, "no-model");
    assert_eq!((&report["ok"], &report["model_answers"]), (&json!(false), &json!(false)));

    drop(registered(&gateway, vendor("ollama"), "gone", error(500, "")));
    let report = test(&gateway, "gone");
    assert_eq!((&report["ok"], &report["reachable"]), (&json!(false), &json!(false)));
    gateway.ask("POST", "/api/providers/nobody/test").send().refused(404, "Provider not found");
}

#[test]
fn a_disabled_provider_can_be_tested_before_it_is_enabled() {
    let gateway = Gateway::start();
    let provider = openai().start();
    let mut body = openai().registration("x", &provider);
    body["enabled"] = json!(false);
    gateway.register(&body);
    assert_eq!(test(&gateway, "x")["ok"], true);
}
