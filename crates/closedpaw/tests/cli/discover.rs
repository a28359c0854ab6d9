//! Discovery: keys in the environment are found, asked about, registered and tested, and never shown.

use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::program::{Outcome, Place};

const KEY: &str = "sk-0123456789-abcdefghij-KLMN";

/// A cloud that accepts the key and answers every chat.
fn cloud() -> ScriptedProvider {
    ScriptedProvider::start(|request| match request.target.as_str() {
        _ if request.header("authorization") != Some(&format!("Bearer {KEY}")) => {
            Answer::json(401, r#"{"error":{"message":"wrong key"}}"#)
        }
        "/v1/models" => Answer::json(200, r#"{"data":[{"id":"tiny"}]}"#),
        _ => Answer::json(
            200,
            r#"{"choices":[{"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}]}"#,
        ),
    })
}

/// Runs a verb with a key of OpenAI's in the environment that is good at `cloud`.
fn run(place: &Place, cloud: &ScriptedProvider, key: &str, arguments: &[&str]) -> Outcome {
    let mut command = place.command(arguments);
    command.env("OPENAI_API_KEY", key).env("OPENAI_BASE_URL", format!("{}/v1", cloud.url()));
    let outcome: Outcome = command.output().unwrap().into();
    assert!(!outcome.stdout.contains(key) && !outcome.stderr.contains(key), "{outcome:?}");
    outcome
}

/// What was found in the environment; what else this machine has is no concern of a test.
fn of_openai(outcome: Outcome) -> Value {
    let all: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let found = all.get("found").and_then(Value::as_array).unwrap().iter();
    found.filter(|offer| offer["variable"] == "OPENAI_API_KEY").cloned().collect()
}

#[test]
fn a_dry_run_shows_and_changes_nothing() {
    let place = Place::new();
    let _gateway = place.serve();
    let cloud = cloud();
    let found = of_openai(run(&place, &cloud, KEY, &["discover", "--dry-run"]));
    assert_eq!(found[0]["last4"], "KLMN");
    assert_eq!(found[0]["name"], "openai");
    assert_eq!(found[0]["registered_as"], Value::Null);
    assert_eq!(found[0].get("outcome"), None);
    let table = run(&place, &cloud, KEY, &["discover", "--dry-run", "--output", "table"]).ok();
    assert!(table.contains("key …KLMN of OPENAI_API_KEY"), "{table}");
    assert_eq!(cloud.calls(), 0);
    let listed = place.run(&["providers", "list"]).json();
    assert!(listed["providers"]["openai"].is_null());
}

#[test]
fn without_a_terminal_it_takes_a_yes() {
    let place = Place::new();
    let _gateway = place.serve();
    let cloud = cloud();
    run(&place, &cloud, KEY, &["discover"]).fails(2, "add --yes");
    assert_eq!(cloud.calls(), 0);
}

#[test]
fn what_is_registered_is_tested_and_found_again() {
    let place = Place::new();
    let _gateway = place.serve();
    let cloud = cloud();
    // Other servers of this machine may fail their test: what counts is what was found here.
    let found = of_openai(run(&place, &cloud, KEY, &["discover", "--yes"]));
    assert_eq!(found[0]["outcome"]["registered"], true);
    let test = &found[0]["outcome"]["test"];
    let proofs = json!([test["reachable"], test["key_accepted"], test["model_answers"]]);
    assert_eq!(proofs, json!([true, true, true]), "{test}");
    let shown = place.run(&["providers", "show", "openai"]).json();
    assert_eq!(shown["api_keys"], json!([{ "last4": "KLMN", "state": "ready" }]));
    assert_eq!(shown["network"], "local");
    let again = of_openai(run(&place, &cloud, KEY, &["discover", "--dry-run"]));
    assert_eq!(again[0]["registered_as"], "openai");
}

#[test]
fn a_key_that_is_refused_is_told() {
    let place = Place::new();
    let _gateway = place.serve();
    let cloud = cloud();
    let outcome = run(&place, &cloud, "sk-wrong", &["init", "--yes", "--output", "table"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let told = "registered openai: it is reachable, but: ";
    assert!(outcome.stdout.contains(told) && outcome.stdout.contains("wrong key"), "{outcome:?}");
    assert!(outcome.stdout.starts_with("Welcome to ClosedPaw"), "{outcome:?}");
    assert!(outcome.stdout.contains("closedpaw chat"), "{outcome:?}");
}
