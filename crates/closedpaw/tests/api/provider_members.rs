//! Further keys, limits, timeouts and queue of a provider, and what is found on the machine, over the API.

use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::harness::{Gateway, openai};

const KEYS: [&str; 2] = ["sk-second-0123456789-wxyz", "sk-third-0123456789-abcd"];

/// A gateway with a provider `x` that has three keys.
fn with_three_keys() -> (Gateway, ScriptedProvider) {
    let gateway = Gateway::start();
    let provider = openai().start();
    let mut body = openai().registration("x", &provider);
    body["api_keys"] = json!(KEYS);
    gateway.register(&body);
    (gateway, provider)
}

#[test]
fn further_keys_are_taken_in_the_body_and_never_shown() {
    let (gateway, _provider) = with_three_keys();
    let shown = gateway.show("x");
    let last4: Vec<_> =
        shown["api_keys"].as_array().unwrap().iter().map(|key| key["last4"].clone()).collect();
    assert_eq!(last4[1..], [json!("wxyz"), json!("abcd")]);
    assert!(shown["api_keys"].as_array().unwrap().iter().all(|key| key["state"] == "ready"));
    assert!(KEYS.iter().all(|key| !shown.to_string().contains(key)), "{shown}");
    let by_query = gateway.ask("PATCH", "/api/providers/x?api_keys=sk-hush").send();
    by_query.refused_with(400, "'api_keys' is a secret and can't be sent in the URL");
    let moved = json!({ "base_url": "https://other.example/v1", "api_key": "sk-new" });
    gateway.patch("x", &moved).refused_with(400, "another origin: send api_keys again");
    let none = gateway.patch("x", &json!({ "api_keys": [] })).expect(200);
    assert_eq!(none["api_keys"].as_array().unwrap().len(), 1);
}

#[test]
fn limits_timeouts_and_queue_are_shown_as_they_were_set() {
    let (gateway, _provider) = with_three_keys();
    let members = json!({
        "limits": { "requests_per_minute": 5, "tokens_per_minute": 1000, "concurrency": 2 },
        "model_limits": { "alpha*": { "requests_per_minute": 3 } },
        "timeouts": { "connect": 1.5, "first_token": 20.0, "idle": 30.0 },
        "queue": { "length": 4, "wait": 2.5 },
    });
    let shown = gateway.patch("x", &members).expect(200);
    assert_eq!(shown["limits"], members["limits"]);
    assert_eq!(shown["model_limits"]["alpha*"]["requests_per_minute"], 3);
    assert_eq!(shown["timeouts"], members["timeouts"]);
    assert_eq!(shown["queue"], members["queue"]);
    assert_eq!(shown["used"]["requests"]["remaining"], 5);
    assert_eq!(shown["models_used"]["alpha*"]["requests"]["limit"], 3);
    assert_eq!((&shown["used"]["in_flight"], &shown["waiting"]), (&json!(0), &json!(0)));
    // What is shown can be sent back.
    let back = json!({ "limits": shown["limits"], "model_limits": shown["model_limits"] });
    assert_eq!(gateway.patch("x", &back).expect(200)["limits"], members["limits"]);
}

#[test]
fn what_is_no_limit_is_refused_with_its_place() {
    let (gateway, _provider) = with_three_keys();
    let patch = |members: Value| gateway.patch("x", &members);
    patch(json!({ "limits": { "concurency": 1 } })).refused_with(400, "concurrency");
    patch(json!({ "model_limits": { "a": { "request": 1 } } })).refused_with(400, "request");
    patch(json!({ "queue": { "size": 1 } })).refused_with(400, "size");
    for (members, loc) in [
        (json!({ "limits": { "concurrency": 0 } }), json!(["body", "limits", "concurrency"])),
        (json!({ "timeouts": { "idle": "x" } }), json!(["body", "timeouts", "idle"])),
        (
            json!({ "model_limits": { "a": { "tokens_per_minute": -1 } } }),
            json!(["body", "model_limits", "a", "tokens_per_minute"]),
        ),
    ] {
        let refused = patch(members.clone()).expect(422);
        assert_eq!(refused["detail"][0]["loc"], loc, "{members}");
    }
}

#[test]
fn health_tells_of_breakers_and_parked_keys() {
    let (gateway, _provider) = with_three_keys();
    let report = gateway.get("/api/providers/x/health").expect(200);
    assert_eq!(report["breaker"], "closed");
    assert_eq!((&report["models"], &report["parked_keys"]), (&json!([]), &json!([])));
}

#[test]
fn a_probe_finds_the_key_that_is_good() {
    let gateway = Gateway::start();
    let provider = ScriptedProvider::start(|request| match request.header("authorization") {
        Some(header) if header.ends_with(KEYS[1]) => Answer::json(200, openai().models),
        _ => Answer::json(401, r#"{"error":{"message":"bad key"}}"#),
    });
    let mut body = openai().registration("x", &provider);
    body["api_keys"] = json!(KEYS);
    gateway.register(&body);
    assert_eq!(gateway.get("/api/providers/x/health").expect(200)["state"], "up");
    assert_eq!(provider.calls(), 3);
}

#[test]
fn what_runs_on_the_machine_is_told_with_its_registration() {
    let gateway = Gateway::start();
    let found = gateway.get("/api/discover").expect(200);
    // What listens on the usual ports is the machine's affair; all that is found can be registered.
    for server in found["servers"].as_array().unwrap() {
        let base_url = server["base_url"].as_str().unwrap();
        assert!(base_url.starts_with("http://127.0.0.1:"), "{server}");
        assert_eq!(server["registration"]["base_url"], base_url);
        assert!(server["registration"]["name"].is_string(), "{server}");
    }
    gateway.ask_without_key("GET", "/api/discover").send().expect(401);
}
