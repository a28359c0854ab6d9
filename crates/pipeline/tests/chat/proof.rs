//! What one round trip proves, and what it can't tell.

use std::time::Duration;

use canonical::ErrorKind;
use pipeline::Proof;
use serde_json::json;
use testkit::scripted::{Answer, End, ScriptedProvider};

use crate::support::{ANSWERS, Gateway};

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);

/// Tests an OpenAI provider with the default model `m` that answers so.
async fn proof(answer: Answer) -> Proof {
    let scripted = ScriptedProvider::always(answer);
    let gateway = Gateway::to(&scripted, "openai").await;
    gateway.change(json!({ "default_model": "m", "timeout": 5 })).await;
    pipeline::test(&gateway.provider()).await
}

#[tokio::test]
async fn a_round_trip_proves_what_it_proves() {
    for (answer, reachable, key_accepted, model_answers) in [
        (Answer::json(200, ANSWERS[0].1), YES, YES, YES),
        (Answer::json(401, "{}"), YES, NO, None),
        (Answer::json(403, "{}"), YES, NO, None),
        (Answer::json(402, "{}"), YES, YES, NO),
        (Answer::json(429, "{}"), YES, None, None),
        (Answer::json(400, "{}"), YES, None, NO),
        (Answer::json(404, "{}"), YES, None, NO),
        (Answer::json(500, "{}"), YES, None, NO),
        (Answer::json(504, "{}"), YES, None, NO),
        (Answer::new(200, "<html>"), YES, None, NO),
        (Answer::json(200, "{").ending(End::Cut), YES, None, NO),
    ] {
        let shown = format!("{answer:?}");
        let proof = proof(answer).await;
        let proved = (proof.reachable, proof.key_accepted, proof.model_answers);
        assert_eq!(proved, (reachable, key_accepted, model_answers), "{shown}");
        assert_eq!(proof.fault.is_none(), model_answers == YES, "{shown}");
        assert_eq!(proof.model.as_deref(), Some("m"));
    }
}

#[tokio::test]
async fn who_does_not_answer_is_not_reachable() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let gateway = Gateway::to(&scripted, "openai").await;
    gateway.change(json!({ "default_model": "m", "timeout": 0.05 })).await;
    let late = pipeline::test(&gateway.provider()).await;
    drop(scripted);
    let gone = pipeline::test(&gateway.provider()).await;
    for (proof, kind) in [(late, ErrorKind::Timeout), (gone, ErrorKind::Unreachable)] {
        assert_eq!(proof.fault.unwrap().kind, kind);
        let proved = (proof.reachable, proof.key_accepted, proof.model_answers);
        assert_eq!(proved, (NO, None, None));
    }
}

#[tokio::test]
async fn a_round_trip_takes_a_minute_at_most() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let gateway = Gateway::to(&scripted, "openai").await;
    gateway.change(json!({ "default_model": "m" })).await;
    let provider = gateway.provider();
    let mut test = Box::pin(pipeline::test(&provider));
    tokio::select! {
        _ = &mut test => panic!("an answer out of silence"),
        () = scripted.wait_for_calls(1) => {}
    }
    tokio::time::pause();
    // A timer may fire a millisecond late.
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::select! {
        biased;
        proof = test => assert_eq!(proof.fault.unwrap().public, "no answer within 60 s"),
        () = std::future::ready(()) => panic!("still waiting"),
    }
}

#[tokio::test]
async fn the_smallest_chat_is_asked_of_the_default_model() {
    let scripted = ScriptedProvider::always(Answer::json(200, ANSWERS[5].1));
    let gateway = Gateway::new();
    let description = json!({
        "name": "p", "provider_type": "ollama", "base_url": scripted.url(), "default_model": "d",
        "rate_limit": 1, "enabled": false,
    });
    gateway.register(description).await;
    for calls in 1..4 {
        let proof = pipeline::test(&gateway.provider()).await;
        assert_eq!((proof.model.as_deref(), proof.model_answers), (Some("d"), YES));
        // There was no key to accept.
        assert_eq!(proof.key_accepted, None);
        assert_eq!(scripted.calls(), calls);
    }
    let request = scripted.requests().remove(0);
    assert_eq!(request.target, "/api/chat");
    assert_eq!(request.json()["model"], "d");
    assert_eq!(request.json()["options"]["num_predict"], 16);
}

#[tokio::test]
async fn without_a_default_model_the_first_that_is_listed_is_asked() {
    let scripted = ScriptedProvider::start(|request| match request.target.as_str() {
        "/v1/models" => Answer::json(200, r#"{"data":[{"id":"one"},{"id":"two"}]}"#),
        _ => Answer::json(200, ANSWERS[0].1),
    });
    let gateway = Gateway::to(&scripted, "openai").await;
    let proof = pipeline::test(&gateway.provider()).await;
    assert_eq!((proof.model.as_deref(), proof.model_answers), (Some("one"), YES));
    assert_eq!(scripted.requests()[1].json()["model"], "one");
}

#[tokio::test]
async fn without_any_model_none_is_asked() {
    for (answer, reachable, key_accepted, words) in [
        (
            Answer::json(200, r#"{"data":[]}"#),
            YES,
            None,
            "it lists no models: set default_model to test one",
        ),
        (Answer::json(401, r#"{"error":"bad key"}"#), YES, NO, "bad key"),
        (Answer::json(404, r#"{"error":"no such page"}"#), YES, None, "no such page"),
    ] {
        let scripted = ScriptedProvider::always(answer);
        let gateway = Gateway::to(&scripted, "openai").await;
        let proof = pipeline::test(&gateway.provider()).await;
        assert_eq!((proof.reachable, proof.key_accepted), (reachable, key_accepted), "{words}");
        assert_eq!((proof.model, proof.model_answers), (None, None));
        assert_eq!(proof.fault.unwrap().public, words);
        assert_eq!(scripted.calls(), 1);
    }
}

#[tokio::test]
async fn a_missing_key_is_said_without_asking() {
    let scripted = ScriptedProvider::always(Answer::json(200, ANSWERS[0].1));
    let gateway = Gateway::to(&scripted, "openai").await;
    gateway.change(json!({ "api_key": null, "default_model": "m" })).await;
    let proof = pipeline::test(&gateway.provider()).await;
    assert_eq!((proof.reachable, proof.key_accepted, proof.model_answers), (None, None, None));
    assert_eq!(proof.fault.unwrap().public, "OpenAI API key not configured");
    assert_eq!(scripted.calls(), 0);
}
