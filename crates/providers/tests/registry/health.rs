//! Probes: free of charge, one at a time, within their limit, and told apart by what one can do about them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use providers::{HealthState, Provider};
use serde_json::json;
use testkit::scripted::{Answer, End, ScriptedProvider};

use crate::{models::pass, support::Registry};

const OPENAI_LIST: &str = r#"{"data":[]}"#;
const GEMINI_BAD_KEY: &str = r#"{"error":{"code":400,"message":"API key not valid.","status":
    "INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#;
const GEMINI_LOCATION: &str = r#"{"error":{"code":400,"message":"User location is not supported.",
    "status":"FAILED_PRECONDITION"}}"#;
const XAI_BAD_KEY: &str = r#"{"code":"Client specified an invalid argument",
    "error":"Incorrect API key provided: xa***le."}"#;

#[track_caller]
fn check_probe(scripted: &ScriptedProvider, target: &str) {
    let requests = scripted.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("GET", target));
    assert!(requests[0].body.is_empty());
}

#[tokio::test]
async fn a_probe_is_a_get_that_costs_nothing() {
    for (provider_type, target, body) in [
        ("openai", "/v1/models", OPENAI_LIST),
        ("mistral", "/v1/models", OPENAI_LIST),
        ("custom", "/models", OPENAI_LIST),
        ("anthropic", "/v1/models?limit=1", OPENAI_LIST),
        ("google", "/v1beta/models?pageSize=1", "{}"),
        ("ollama", "/api/tags", r#"{"models":[]}"#),
    ] {
        let scripted = ScriptedProvider::always(Answer::json(200, body));
        let provider = Registry::new().register_at(&scripted, provider_type).await;
        let health = provider.health().await;
        assert_eq!((health.state, health.fault), (HealthState::Up, None), "{provider_type}");
        check_probe(&scripted, target);
    }
}

#[tokio::test]
async fn findings_are_told_apart() {
    use HealthState::{Failing, KeyRefused, RateLimited, Up};
    for (provider_type, answer, state) in [
        ("openai", Answer::json(401, r#"{"error":{"message":"bad key"}}"#), KeyRefused),
        ("anthropic", Answer::json(403, "{}"), KeyRefused),
        ("google", Answer::json(400, GEMINI_BAD_KEY), KeyRefused),
        ("google", Answer::json(400, GEMINI_LOCATION), Failing),
        ("mistral", Answer::json(429, "{}"), RateLimited),
        ("openai", Answer::json(402, "{}"), Failing),
        ("openai", Answer::json(400, "{}"), Failing),
        ("openai", Answer::json(500, "{}"), Failing),
        ("anthropic", Answer::json(529, "{}"), Failing),
        ("openai", Answer::json(504, "{}"), Failing),
        ("openai", Answer::new(302, "").header("location", "https://login.example"), Failing),
        ("openai", Answer::new(200, "<html>Sign in</html>"), Failing),
        ("openai", Answer::json(200, r#"{"models":[]}"#), Failing),
        ("ollama", Answer::json(200, OPENAI_LIST), Failing),
        ("ollama", Answer::json(404, "{}"), Failing),
        ("custom", Answer::json(404, "{}"), Failing),
        ("openai", Answer::json(200, "{").ending(End::Cut), Failing),
        ("openai", Answer::raw("").ending(End::Cut), Failing),
        ("custom", Answer::json(200, r#"[{"id":"a"}]"#), Up),
    ] {
        let shown = format!("{provider_type} {answer:?}");
        let scripted = ScriptedProvider::always(answer);
        let provider = Registry::new().register_at(&scripted, provider_type).await;
        let health = provider.health().await;
        assert_eq!(health.state, state, "{shown}");
        assert_eq!(health.fault.is_none(), state == Up, "{shown}");
        assert_eq!(health.state.is_healthy(), matches!(state, Up | RateLimited));
    }
}

#[tokio::test]
async fn presets_say_how_a_vendor_differs() {
    use HealthState::{Failing, KeyRefused, Up};
    for (preset, target, answer, state) in [
        // Its list of models is open to anyone, so another page proves the key.
        ("openrouter", "/key", Answer::json(200, r#"{"data":{}}"#), Up),
        ("openrouter", "/key", Answer::json(401, "{}"), KeyRefused),
        ("openrouter", "/key", Answer::new(200, "<html>"), Failing),
        ("xai", "/models", Answer::json(400, XAI_BAD_KEY), KeyRefused),
        ("xai", "/models", Answer::json(400, r#"{"error":"no"}"#), Failing),
        ("perplexity", "/models", Answer::json(404, "{}"), Up),
        ("perplexity", "/models", Answer::json(401, "{}"), KeyRefused),
        ("perplexity", "/models", Answer::json(500, "{}"), Failing),
        ("groq", "/models", Answer::json(404, "{}"), Failing),
    ] {
        let scripted = ScriptedProvider::always(answer);
        let provider = Registry::new().register_preset_at(&scripted, preset).await;
        assert_eq!(provider.health().await.state, state, "{preset}");
        check_probe(&scripted, target);
    }
}

#[tokio::test]
async fn without_its_key_a_provider_is_not_even_asked() {
    let scripted = ScriptedProvider::always(Answer::json(200, OPENAI_LIST));
    let registry = Registry::new();
    registry.register_at(&scripted, "openai").await;
    let provider = registry.change(json!({ "api_key": null })).await.unwrap();
    let health = provider.health().await;
    assert_eq!(health.state, HealthState::KeyRefused);
    assert_eq!(health.fault.unwrap().public, "OpenAI API key not configured");
    assert_eq!(scripted.calls(), 0);
}

#[tokio::test]
async fn who_is_not_there_is_unreachable() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let registry = Registry::new();
    registry.register_at(&scripted, "openai").await;
    let provider = registry.change(json!({ "timeout": 0.05 })).await.unwrap();
    let late = provider.health().await;
    assert_eq!(late.state, HealthState::Unreachable);
    assert_eq!(late.fault.unwrap().public, "no answer within 0.05 s");
    drop(scripted);
    pass(Duration::from_secs(5)).await;
    let health = provider.health().await;
    assert_eq!(health.state, HealthState::Unreachable);
    assert!(health.fault.unwrap().public.contains("refused the connection"));
}

#[tokio::test]
async fn a_report_is_told_again_for_five_seconds() {
    let scripted = ScriptedProvider::queue([
        Answer::json(200, OPENAI_LIST),
        Answer::json(401, "{}"),
        Answer::json(200, OPENAI_LIST),
    ]);
    let registry = Registry::new();
    let provider = registry.register_at(&scripted, "openai").await;
    let first = provider.health().await;
    pass(Duration::from_millis(4_900)).await;
    assert_eq!(provider.health().await, first);
    pass(Duration::from_millis(100)).await;
    assert_eq!(provider.health().await.state, HealthState::KeyRefused);
    assert_eq!(scripted.calls(), 2);
    // What was found with another key says nothing of this one.
    let provider = registry.change(json!({ "api_key": "sk-right" })).await.unwrap();
    assert_eq!(provider.health().await.state, HealthState::Up);
}

#[tokio::test]
async fn however_many_ask_one_probe_is_under_way() {
    let answer = Answer::json(200, OPENAI_LIST).after(Duration::from_millis(50));
    let scripted = ScriptedProvider::always(answer);
    let provider = Registry::new().register_at(&scripted, "openai").await;
    let reports = join_all((0..100).map(|_| provider.health())).await;
    assert!(reports.iter().all(|report| *report == reports[0]));
    assert_eq!((reports[0].state, scripted.calls()), (HealthState::Up, 1));
    assert!(reports[0].latency >= Duration::from_millis(50), "{:?}", reports[0].latency);
}

#[tokio::test]
async fn who_asks_during_a_probe_that_hangs_waits_no_longer_than_it() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let registry = Registry::new();
    registry.register_at(&scripted, "openai").await;
    let provider = registry.change(json!({ "timeout": 0.1 })).await.unwrap();
    let second = async {
        scripted.wait_for_calls(1).await;
        provider.health().await
    };
    let (first, second) = tokio::join!(provider.health(), second);
    assert_eq!(first, second);
    assert_eq!((first.state, scripted.calls()), (HealthState::Unreachable, 1));
}

#[tokio::test]
async fn the_limit_is_five_seconds_at_most() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let registry = Registry::new();
    for (timeout, limit) in [(json!(3), 3), (json!(60), 5), (json!(null), 5)] {
        let name = format!("limit-{timeout}").replace("null", "default");
        let provider = registry
            .register(json!({
                "name": name, "provider_type": "ollama", "base_url": scripted.url(),
                "timeout": timeout,
            }))
            .await;
        let mut probe = Box::pin(provider.health());
        let begun = scripted.calls() + 1;
        tokio::select! {
            _ = &mut probe => panic!("an answer out of silence"),
            () = scripted.wait_for_calls(begun) => {}
        }
        // The clock is ours from here on, and stands still but for this.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(limit) - Duration::from_millis(500)).await;
        tokio::select! {
            biased;
            _ = &mut probe => panic!("gave up too early"),
            () = std::future::ready(()) => {}
        }
        tokio::time::advance(Duration::from_millis(500)).await;
        let health = probe.await;
        tokio::time::resume();
        assert_eq!(health.state, HealthState::Unreachable);
        let latency = health.latency.as_millis();
        assert!((u128::from(limit) * 1000..u128::from(limit) * 1000 + 900).contains(&latency));
    }
}

#[tokio::test]
async fn fifty_providers_of_which_ten_hang_answer_within_one_limit() {
    let sound = ScriptedProvider::always(Answer::json(200, r#"{"models":[]}"#));
    let hanging = ScriptedProvider::always(Answer::silence());
    let registry = Registry::new();
    for number in 0..50 {
        let scripted = if number % 5 == 0 { &hanging } else { &sound };
        registry
            .register(json!({
                "name": format!("p{number}"), "provider_type": "ollama",
                "base_url": scripted.url(), "timeout": 0.3,
            }))
            .await;
    }
    let snapshot = registry.manager.snapshot();
    let began = Instant::now();
    let probes = snapshot.enabled().map(async |provider: &Arc<Provider>| provider.health().await);
    let reports = join_all(probes).await;
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    for (number, report) in reports.into_iter().enumerate() {
        let expected = if number % 5 == 0 { HealthState::Unreachable } else { HealthState::Up };
        assert_eq!(report.state, expected, "p{number}");
    }
}
