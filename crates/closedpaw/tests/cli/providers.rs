//! The provider verbs against a running gateway.

use serde_json::json;
use testkit::scripted::{Answer, ScriptedProvider};

use crate::program::Place;

#[test]
fn a_provider_is_added_changed_and_removed() {
    let place = Place::new();
    let _gateway = place.serve();
    let add = [
        "providers",
        "add",
        "--type",
        "openai",
        "--name",
        "work",
        "--default-model",
        "gpt-4o",
        "--model",
        "gpt-4o",
        "--model",
        "o3",
        "--rate-limit",
        "60",
        "--timeout",
        "2.5",
        "--header",
        "X-Team",
        "--api-key-stdin",
        "--disabled",
    ];
    let added = place.run_with(&add, "sk-0123456789abcdefghij\nblue\n").json();
    assert_eq!(added, json!({ "status": "success", "provider": "work" }));

    let shown = place.run(&["providers", "show", "work"]).json();
    assert_eq!(shown["type"], "openai");
    assert_eq!(shown["models"], json!(["gpt-4o", "o3"]));
    assert_eq!(shown["rate_limit"], 60);
    assert_eq!(shown["timeout"], 2.5);
    assert_eq!(shown["enabled"], false);
    assert_eq!(shown["api_key_last4"], "ghij");
    assert!(shown.to_string().contains("x-team") || shown.to_string().contains("X-Team"));
    assert!(!shown.to_string().contains("blue"), "a header's value is a secret");

    let change = ["providers", "update", "work", "--enable", "--rate-limit", "none"];
    let changed = place.run(&change).json();
    assert_eq!(changed["enabled"], true);
    assert!(changed["rate_limit"].is_null());
    assert_eq!(changed["timeout"], 2.5, "what is not named stays");

    assert_eq!(place.run(&["providers", "default", "work"]).json()["default_provider"], "work");
    let table = place.run(&["providers", "list", "--output", "table"]).ok();
    assert!(
        table.lines().any(|line| line.contains("work *") && line.contains("openai")),
        "{table}"
    );
    place.run(&["providers", "remove", "work"]).ok();
    place.run(&["providers", "show", "work"]).fails(1, "Provider not found");
}

#[test]
fn refusals_are_the_gateways_own_sentences() {
    let place = Place::new();
    let _gateway = place.serve();
    let add = |more: &[&str]| {
        place.run(&[&["providers", "add", "--type", "custom", "--name", "x"], more].concat())
    };
    add(&[]).fails(1, "base_url is required");
    add(&["--base-url", "http://127.0.0.1:1/v1"]).fails(1, "network: local");
    add(&["--preset", "groqq"]).fails(1, "Unknown preset 'groqq'");
    add(&["--rate-limit", "many"]).fails(2, "--rate-limit: expected a number or none");
    place.run(&["providers", "add", "--type", "ollama", "--name", "ollama"]).fails(1, "ollama");
    place.run(&["providers", "update", "ollama"]).fails(2, "there is nothing to change");
    let no_key = place.run(&["providers", "update", "ollama", "--api-key-stdin"]);
    no_key.fails(2, "there is no key on stdin");
}

#[test]
fn a_key_that_is_needed_is_read_from_what_is_piped_in() {
    let place = Place::new();
    let _gateway = place.serve();
    let openai = ["providers", "add", "--type", "openai", "--name", "x"];
    let groq = ["providers", "add", "--type", "custom", "--preset", "groq", "--name", "y"];
    for (add, name) in [(openai.as_slice(), "x"), (&groq, "y")] {
        place.run(add).fails(2, "--api-key-stdin");
        place.run_with(add, "sk-0123456789abcdefghij\n").ok();
        assert_eq!(place.run(&["providers", "show", name]).json()["api_key_last4"], "ghij");
    }
    let rack = ["--base-url", "https://rack.example/v1", "--name", "z"];
    let add = [["providers", "add", "--type", "custom"].as_slice(), &rack].concat();
    place.run_with(&add, "not meant for it\n").ok();
    assert_eq!(place.run(&["providers", "show", "z"]).json()["has_api_key"], false);
}

#[test]
fn a_mistyped_name_brings_the_nearest() {
    let place = Place::new();
    let _gateway = place.serve();
    for verb in [
        ["providers", "show", "olama"].as_slice(),
        &["providers", "remove", "olama"],
        &["providers", "test", "olama"],
        &["providers", "default", "olama"],
        &["providers", "health", "olama"],
        &["providers", "update", "olama", "--enable"],
        &["models", "olama"],
    ] {
        place.run(verb).fails(1, "did you mean `ollama`?");
    }
    place.run(&["providers", "show", "zzz"]).fails(1, "closedpaw providers list");
}

#[test]
fn models_health_and_test_ask_the_provider() {
    let place = Place::new();
    let _gateway = place.serve();
    let models = json!({ "object": "list", "data": [
        { "id": "tiny\u{1b}[2J", "object": "model" }, { "id": "big", "object": "model" },
    ] });
    let provider = ScriptedProvider::start(move |request| match request.target.as_str() {
        "/v1/models" => Answer::json(200, models.to_string()),
        _ => Answer::json(401, r#"{"error":{"message":"wrong key"}}"#),
    });
    let base_url = format!("{}/v1", provider.url());
    place
        .run(&[
            "providers",
            "add",
            "--type",
            "custom",
            "--name",
            "near",
            "--base-url",
            &base_url,
            "--network",
            "local",
            "--default-model",
            "tiny",
        ])
        .ok();
    place.run(&["providers", "update", "ollama", "--disable"]).ok();

    assert_eq!(place.run(&["providers", "health"]).json(), json!({ "near": true }));
    assert_eq!(place.run(&["models"]).json(), json!({ "near": ["tiny\u{1b}[2J", "big"] }));
    let one = place.run(&["models", "near", "--refresh", "--output", "table"]).ok();
    assert!(one.contains("big") && !one.contains('\u{1b}'), "{one:?}");
    let test = place.run(&["providers", "test", "near"]);
    assert_eq!(test.code, 1, "{test:?}");
    assert!(test.stdout.contains("wrong key"), "{test:?}");

    drop(provider);
    let stale = place.run(&["models", "near", "--refresh"]);
    assert!(stale.stderr.contains("this list is from before"), "{stale:?}");
    assert_eq!(stale.json()["stale"], true);
}

#[test]
fn further_keys_limits_timeouts_and_queue_are_set_and_reset() {
    let place = Place::new();
    let _gateway = place.serve();
    let add = [
        ["providers", "add", "--type", "openai", "--name", "work", "--api-key-stdin"].as_slice(),
        &["--more-keys", "2", "--limits", "requests_per_minute=60,concurrency=2"],
        &["--model-limits", "llama3.2:3b:tokens_per_minute=9", "--queue", "length=8,wait=1.5"],
        &["--timeouts", "connect=1,first_token=2.5"],
    ];
    let keys = "sk-0123456789abcdefghij\nsk-0123456789abcdefKLMN\nsk-short\n";
    place.run_with(&add.concat(), keys).ok();
    let shown = place.run(&["providers", "show", "work"]).json();
    let ready = |last4| json!({ "last4": last4, "state": "ready" });
    assert_eq!(shown["api_keys"], json!([ready(Some("ghij")), ready(Some("KLMN")), ready(None)]));
    assert_eq!(shown["limits"]["requests_per_minute"], 60);
    assert_eq!(shown["limits"]["concurrency"], 2);
    assert_eq!(shown["model_limits"]["llama3.2:3b"]["tokens_per_minute"], 9);
    assert_eq!(shown["timeouts"], json!({ "connect": 1.0, "first_token": 2.5 }));
    assert_eq!(shown["queue"], json!({ "length": 8, "wait": 1.5 }));

    let update = ["providers", "update", "work"];
    let reset =
        ["--limits", "none", "--model-limits", "none", "--queue", "none", "--more-keys", "0"];
    let reset = place.run(&[update.as_slice(), &reset].concat()).json();
    assert_eq!(reset["api_keys"], json!([ready(Some("ghij"))]));
    assert_eq!(reset["model_limits"], json!({}));
    assert!(reset["limits"]["concurrency"].is_null() && reset["queue"] == json!({}), "{reset}");

    let refused = |more: &[&str]| place.run(&[update.as_slice(), more].concat());
    refused(&["--limits", "concurency=2"]).fails(1, "concurrency");
    refused(&["--limits", "concurrency"]).fails(2, "expected NAME=NUMBER or none");
    refused(&["--queue", "length=many"]).fails(2, "expected a number or none");
    refused(&["--model-limits", "x"]).fails(2, "expected PATTERN:NAME=N or none");
}
