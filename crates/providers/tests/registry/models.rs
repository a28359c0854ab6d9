//! Lists of models: asked of the provider, kept, asked for once at a time, and old rather than none.

use std::time::Duration;

use canonical::{ErrorKind, Fault, Origin};
use futures_util::future::join_all;
use providers::{Freshness, Models, Provider};
use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::support::{KEY, Registry};

const OPENAI_LIST: &str = r#"{"data":[{"id":"a/b:c"},{"id":"d"}]}"#;

fn listed(ids: &[&str]) -> Models {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    Models { ids, fault: None, stale: false }
}

/// The whole way from status 200 and the given body to the list.
async fn read(provider_type: &str, body: &str) -> (Models, ScriptedProvider) {
    let scripted = ScriptedProvider::always(Answer::json(200, body));
    let registry = Registry::new();
    let provider = registry.register_at(&scripted, provider_type).await;
    (provider.models(Freshness::Cached).await, scripted)
}

#[tokio::test]
async fn each_type_is_asked_in_its_own_way() {
    let bearer = format!("Bearer {KEY}");
    for (provider_type, target, header, credential, body) in [
        ("openai", "/v1/models", "authorization", bearer.as_str(), OPENAI_LIST),
        ("mistral", "/v1/models", "authorization", &bearer, OPENAI_LIST),
        ("custom", "/models", "authorization", &bearer, OPENAI_LIST),
        ("anthropic", "/v1/models?limit=1000", "x-api-key", KEY, OPENAI_LIST),
        (
            "google",
            "/v1beta/models?pageSize=1000",
            "x-goog-api-key",
            KEY,
            r#"{"models":[{"name":"models/a/b:c"},{"name":"models/d"}]}"#,
        ),
        (
            "ollama",
            "/api/tags",
            "authorization",
            &bearer,
            r#"{"models":[{"name":"a/b:c","model":"a/b:c"},{"name":"d"}]}"#,
        ),
    ] {
        let (models, scripted) = read(provider_type, body).await;
        assert_eq!(models, listed(&["a/b:c", "d"]), "{provider_type}");
        let request = scripted.requests().remove(0);
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", target));
        assert_eq!(request.header(header), Some(credential), "{provider_type}");
        assert_eq!(request.header("content-type"), None);
        assert!(request.body.is_empty());
    }
}

#[tokio::test]
async fn pages_are_read_to_the_last() {
    let anthropic = [
        (
            "/v1/models?limit=1000",
            r#"{"data":[{"id":"a"},{"id":"b/c"}],"has_more":true,"last_id":"b/c"}"#,
        ),
        (
            "/v1/models?limit=1000&after_id=b%2Fc",
            r#"{"data":[{"id":"d"}],"has_more":false,"last_id":"d"}"#,
        ),
    ];
    let gemini = [
        (
            "/v1beta/models?pageSize=1000",
            r#"{"models":[{"name":"models/a"}],"nextPageToken":"t&="}"#,
        ),
        (
            "/v1beta/models?pageSize=1000&pageToken=t%26%3D",
            r#"{"models":[{"name":"models/b/c"}],"nextPageToken":"u"}"#,
        ),
        ("/v1beta/models?pageSize=1000&pageToken=u", r#"{"models":[{"name":"models/d"}]}"#),
    ];
    for (provider_type, pages) in [("anthropic", &anthropic[..]), ("google", &gemini)] {
        let answers = pages.iter().map(|(_, body)| Answer::json(200, *body));
        let scripted = ScriptedProvider::queue(answers.collect::<Vec<_>>());
        let provider = Registry::new().register_at(&scripted, provider_type).await;
        assert_eq!(provider.models(Freshness::Cached).await, listed(&["a", "b/c", "d"]));
        let targets: Vec<_> =
            scripted.requests().into_iter().map(|request| request.target).collect();
        assert_eq!(targets, pages.iter().map(|(target, _)| *target).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn pages_without_end_are_given_up() {
    let body = r#"{"models":[{"name":"models/a"}],"nextPageToken":"t"}"#;
    let (models, scripted) = read("google", body).await;
    let fault = models.fault.unwrap();
    assert_eq!(fault.kind, ErrorKind::Malformed);
    assert_eq!(fault.public, "the list of models did not end within 50 pages");
    assert_eq!((models.ids.len(), scripted.calls()), (0, 50));
}

#[tokio::test]
async fn a_page_that_fails_fails_the_list() {
    let first = r#"{"data":[{"id":"a"}],"has_more":true,"last_id":"a"}"#;
    let scripted = ScriptedProvider::queue([
        Answer::json(200, first),
        Answer::json(500, r#"{"error":{"message":"sorry"}}"#),
    ]);
    let provider = Registry::new().register_at(&scripted, "anthropic").await;
    let models = provider.models(Freshness::Cached).await;
    assert_eq!((models.ids.len(), models.stale), (0, false));
    assert_eq!(models.fault.unwrap().public, "sorry");
}

#[tokio::test]
async fn a_list_is_kept_for_five_minutes_unless_a_new_one_is_wanted() {
    let scripted = ScriptedProvider::always(Answer::json(200, OPENAI_LIST));
    let provider = Registry::new().register_at(&scripted, "openai").await;
    let ask = async |freshness, calls| {
        assert_eq!(provider.models(freshness).await, listed(&["a/b:c", "d"]));
        assert_eq!(scripted.calls(), calls);
    };
    ask(Freshness::Cached, 1).await;
    ask(Freshness::Cached, 1).await;
    ask(Freshness::Refreshed, 2).await;
    ask(Freshness::Refreshed, 3).await;
    pass(Duration::from_secs(299)).await;
    ask(Freshness::Cached, 3).await;
    pass(Duration::from_secs(1)).await;
    ask(Freshness::Cached, 4).await;
}

#[tokio::test]
async fn however_many_ask_one_request_is_in_flight() {
    let answer = Answer::json(200, OPENAI_LIST).after(Duration::from_millis(50));
    let scripted = ScriptedProvider::always(answer);
    let provider = Registry::new().register_at(&scripted, "openai").await;
    for (freshness, calls) in
        [(Freshness::Cached, 1), (Freshness::Cached, 1), (Freshness::Refreshed, 2)]
    {
        let asked = join_all((0..100).map(|_| provider.models(freshness)));
        assert!(asked.await.iter().all(|models| *models == listed(&["a/b:c", "d"])));
        assert_eq!(scripted.calls(), calls);
    }
}

#[tokio::test]
async fn the_last_list_is_served_while_there_is_no_newer_one() {
    let scripted = ScriptedProvider::queue([
        Answer::json(503, r#"{"error":{"message":"loading"}}"#),
        Answer::json(200, OPENAI_LIST),
        Answer::json(503, r#"{"error":{"message":"busy"}}"#),
        Answer::new(200, "<html>"),
        Answer::json(200, r#"{"data":[{"id":"new"}]}"#),
    ]);
    let registry = Registry::new();
    let provider = registry.register_at(&scripted, "openai").await;
    let told = |models: &Models| {
        let fault = models.fault.clone();
        (models.ids.join(" "), fault.map(|fault: Fault| fault.public), models.stale)
    };
    let expected = [
        ("", Some("loading"), false),
        ("a/b:c d", None, false),
        ("a/b:c d", Some("busy"), true),
        ("a/b:c d", Some("the body is not JSON: expected value at line 1 column 1"), true),
        ("new", None, false),
    ];
    for (ids, fault, stale) in expected {
        let models = provider.models(Freshness::Refreshed).await;
        assert_eq!(told(&models), (ids.to_owned(), fault.map(str::to_owned), stale));
    }
    drop(scripted);
    let down = provider.models(Freshness::Refreshed).await;
    assert_eq!((down.ids, down.stale), (vec!["new".to_owned()], true));
    assert_eq!(down.fault.unwrap().origin, Origin::Upstream);
}

#[tokio::test]
async fn a_fresh_list_is_served_whatever_became_of_a_newer_request() {
    let scripted =
        ScriptedProvider::queue([Answer::json(200, OPENAI_LIST), Answer::json(500, "{}")]);
    let provider = Registry::new().register_at(&scripted, "openai").await;
    let known = listed(&["a/b:c", "d"]);
    assert_eq!(provider.models(Freshness::Cached).await, known);
    pass(Duration::from_secs(200)).await;
    assert!(provider.models(Freshness::Refreshed).await.stale);
    pass(Duration::from_secs(99)).await;
    assert_eq!(provider.models(Freshness::Cached).await, known);
    assert_eq!(scripted.calls(), 2);
    // Its age is its own, and not that of the request that failed.
    pass(Duration::from_secs(1)).await;
    assert!(provider.models(Freshness::Cached).await.stale);
    assert_eq!(scripted.calls(), 3);
}

#[tokio::test]
async fn a_failure_is_told_again_for_five_seconds() {
    let scripted = ScriptedProvider::queue([
        Answer::json(500, "{}"),
        Answer::json(500, "{}"),
        Answer::json(200, OPENAI_LIST),
    ]);
    let provider = Registry::new().register_at(&scripted, "openai").await;
    let fails = async |freshness, calls| {
        assert!(provider.models(freshness).await.fault.is_some());
        assert_eq!(scripted.calls(), calls);
    };
    fails(Freshness::Cached, 1).await;
    pass(Duration::from_millis(4_900)).await;
    fails(Freshness::Cached, 1).await;
    fails(Freshness::Refreshed, 2).await;
    pass(Duration::from_secs(5)).await;
    assert_eq!(provider.models(Freshness::Cached).await, listed(&["a/b:c", "d"]));
}

#[tokio::test]
async fn a_list_that_does_not_come_in_time_is_a_timeout() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let registry = Registry::new();
    registry.register_at(&scripted, "openai").await;
    let provider = registry.change(json!({ "timeout": 0.05 })).await.unwrap();
    let fault = provider.models(Freshness::Cached).await.fault.unwrap();
    assert_eq!(fault.kind, ErrorKind::Timeout);
    assert_eq!(fault.public, "no list of models within 0.05 s");
}

#[tokio::test]
async fn configured_models_narrow_the_list() {
    let scripted = ScriptedProvider::always(Answer::json(200, OPENAI_LIST));
    let registry = Registry::new();
    registry.register_at(&scripted, "openai").await;
    let narrowed = async |models: Value| {
        let provider = registry.change(json!({ "models": models })).await.unwrap();
        provider.models(Freshness::Cached).await
    };
    assert_eq!(narrowed(json!(["d", "unknown"])).await, listed(&["d"]));
    assert_eq!(narrowed(json!(["d", "a/b:c"])).await, listed(&["a/b:c", "d"]));
    assert_eq!(narrowed(json!(["unknown"])).await, listed(&[]));
    assert_eq!(narrowed(json!([""])).await, listed(&["a/b:c", "d"]));
    assert_eq!(narrowed(Value::Null).await, listed(&["a/b:c", "d"]));
    // The list itself is kept through all these changes.
    assert_eq!(scripted.calls(), 1);
    let other_key = registry.change(json!({ "api_key": "sk-other" })).await.unwrap();
    assert_eq!(other_key.models(Freshness::Cached).await.ids.len(), 2);
    assert_eq!(scripted.calls(), 2);
}

#[tokio::test]
async fn a_vendor_without_a_list_offers_the_configured_models() {
    let scripted = ScriptedProvider::always(Answer::json(404, "{}"));
    let provider = Registry::new().register_preset_at(&scripted, "perplexity").await;
    assert_eq!(provider.models(Freshness::Refreshed).await, listed(&["sonar"]));
    assert_eq!(scripted.calls(), 0);
}

#[tokio::test]
async fn without_its_key_nothing_is_asked() {
    let scripted = ScriptedProvider::always(Answer::json(200, OPENAI_LIST));
    let registry = Registry::new();
    registry.register_at(&scripted, "openai").await;
    let provider: std::sync::Arc<Provider> =
        registry.change(json!({ "api_key": null })).await.unwrap();
    let fault = provider.models(Freshness::Cached).await.fault.unwrap();
    assert_eq!(fault.public, "OpenAI API key not configured");
    assert_eq!(scripted.calls(), 0);
}

/// Lets time pass between two requests.
pub(crate) async fn pass(duration: Duration) {
    tokio::time::pause();
    tokio::time::advance(duration).await;
    tokio::time::resume();
}
