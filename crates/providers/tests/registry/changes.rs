//! Changes: only what is named changes, null resets, and secrets stay with the origin they were entered for.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use providers::{Provider, ProviderError, Question};
use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};
use upstream::{Deadlines, Network};

use crate::support::{KEY, Registry};

/// A registry whose provider `p` has every member set.
async fn with_everything() -> Registry {
    let registry = Registry::new();
    registry
        .register(json!({
            "name": "p", "provider_type": "custom", "api_key": KEY, "default_model": "m",
            "base_url": "https://llm.example/v1", "models": ["m", "n"], "enabled": false,
            "rate_limit": 7, "timeout": 1.5, "network": "local",
            "settings": { "preset": "groq" }, "headers": { "X-Team": "blue" },
            "api_keys": ["sk-second"], "timeouts": { "connect": 0.5 }, "limits": { "concurrency": 3 },
            "model_limits": { "m*": { "tokens_per_minute": 9 } }, "queue": { "length": 4 },
        }))
        .await;
    registry
}

/// The limits that are set.
fn set(limits: &limits::Limits) -> Value {
    let mut members = json!(limits);
    members.as_object_mut().unwrap().retain(|_, limit| !limit.is_null());
    members
}

/// Everything about the provider but its secrets, and those as they are sent.
fn described(provider: &Provider) -> Value {
    let config = provider.config();
    let header =
        |(name, value): (&String, &vault::Secret)| (name.clone(), Value::from(value.expose()));
    json!({
        "base_url": config.base_url.as_str(),
        "api_key": config.api_key.as_ref().map(vault::Secret::expose),
        "api_keys": config.api_keys.iter().map(vault::Secret::expose).collect::<Vec<_>>(),
        "timeouts": config.timeouts,
        "limits": set(&config.limits),
        "model_limits": config.model_limits.iter()
            .map(|(pattern, limits)| (pattern.to_string(), set(limits)))
            .collect::<serde_json::Map<_, _>>(),
        "queue": config.queue,
        "default_model": config.default_model,
        "models": config.models,
        "enabled": config.enabled,
        "rate_limit": config.rate_limit,
        "timeout": config.timeout_s,
        "network": config.network.as_str(),
        "settings": config.settings.to_json(),
        "headers": config.headers.iter().map(header).collect::<serde_json::Map<_, _>>(),
    })
}

fn sentence(outcome: Result<Arc<Provider>, ProviderError>) -> String {
    match outcome {
        Err(ProviderError::Invalid(sentence)) => sentence,
        Err(other) => panic!("{other:?}"),
        Ok(provider) => panic!("{}", described(&provider)),
    }
}

#[tokio::test]
async fn its_own_name_and_type_may_be_sent_back_and_others_not() {
    let registry = with_everything().await;
    let own = json!({ "name": "p", "provider_type": "custom", "rate_limit": 8 });
    assert_eq!(registry.change(own).await.unwrap().config().rate_limit, Some(8));
    for (member, other) in [("name", "q"), ("provider_type", "openai")] {
        let refused = sentence(registry.change(json!({ member: other })).await);
        assert!(refused.contains("can't be changed"), "{refused}");
    }
}

#[tokio::test]
async fn only_what_is_named_changes() {
    let registry = with_everything().await;
    let mut expected = described(&registry.get("p"));
    for (member, value) in [
        ("default_model", json!("other")),
        ("models", json!(["x"])),
        ("enabled", json!(true)),
        ("rate_limit", json!(9)),
        ("timeout", json!(2.5)),
        ("base_url", json!("https://llm.example/v2")),
        ("network", json!("public")),
        ("settings", json!({ "preset": "vllm" })),
        ("api_key", json!("sk-another")),
        ("api_keys", json!(["sk-third", "sk-fourth"])),
        ("timeouts", json!({ "first_token": 7.5, "idle": 1.0 })),
        ("limits", json!({ "requests_per_minute": 5, "tokens_per_minute": 50 })),
        ("model_limits", json!({ "a*": { "concurrency": 1 }, "b": { "requests_per_minute": 2 } })),
        ("queue", json!({ "length": 0, "wait": 2.5 })),
        ("headers", json!({ "x-other": "red" })),
    ] {
        let changed = registry.change(json!({ member: value })).await.unwrap();
        expected[member] = value;
        assert_eq!(described(&changed), expected);
        assert!(Arc::ptr_eq(&changed, &registry.get("p")));
    }
    assert_eq!(described(&registry.change(json!({})).await.unwrap()), expected);
    assert_eq!(described(&registry.reopen().get("p")), expected);
}

#[tokio::test]
async fn null_takes_a_member_back_to_its_default() {
    let registry = with_everything().await;
    let everything = json!({
        "api_key": null, "default_model": null, "models": null, "enabled": null, "rate_limit": null,
        "timeout": null, "headers": null, "base_url": null, "network": null, "api_keys": null,
        "timeouts": null, "limits": null, "model_limits": null, "queue": null,
    });
    let reset = registry.change(everything).await.unwrap();
    let expected = json!({
        "base_url": "https://api.groq.com/openai/v1", "api_key": null, "default_model": null,
        "models": [], "enabled": true, "rate_limit": null, "timeout": null, "network": "public",
        "settings": { "preset": "groq" }, "headers": {}, "api_keys": [], "timeouts": {},
        "limits": {}, "model_limits": {}, "queue": {},
    });
    assert_eq!(described(&reset), expected);
    let kept = registry.change(json!({ "settings": null })).await.unwrap();
    assert_eq!(described(&kept)["settings"], json!({}));
    assert_eq!(kept.config().base_url.as_str(), "https://api.groq.com/openai/v1");
    assert_eq!(
        sentence(registry.change(json!({ "base_url": null })).await),
        "base_url is required for custom providers, unless settings.preset names a vendor"
    );
}

#[tokio::test]
async fn another_origin_needs_the_secrets_again() {
    let entered_for_the_old_one = |what| {
        format!(
            "The new base_url has another origin: send {what} again with it, entered for the old one"
        )
    };
    for elsewhere in [
        "https://evil.example/v1",
        "https://llm.example:8443/v1",
        "https://llm.example.evil.test/v1",
        "http://llm.example/v1",
        "http://llm.example:443/v1",
    ] {
        for (members, missing) in [
            (json!({}), "api_key, api_keys and headers"),
            (json!({ "api_key": KEY }), "api_keys and headers"),
            (json!({ "api_key": KEY, "api_keys": [] }), "headers"),
            (json!({ "headers": { "x-team": "blue" } }), "api_key and api_keys"),
            (json!({ "headers": null, "api_keys": null }), "api_key"),
        ] {
            let registry = with_everything().await;
            let mut change = members;
            change["base_url"] = json!(elsewhere);
            let before = described(&registry.get("p"));
            let refused = registry.change(change).await;
            assert_eq!(sentence(refused), entered_for_the_old_one(missing));
            assert_eq!(described(&registry.get("p")), before);
        }
    }
    // Through a default, it is another origin all the same.
    let registry = with_everything().await;
    let refused = registry.change(json!({ "base_url": null })).await;
    assert_eq!(sentence(refused), entered_for_the_old_one("api_key, api_keys and headers"));
    for secrets in [
        json!({ "api_key": "sk-new", "api_keys": ["sk-2"], "headers": { "x-team": "red" } }),
        json!({ "api_key": null, "api_keys": null, "headers": null }),
        json!({ "api_key": null, "api_keys": [], "headers": {} }),
    ] {
        let registry = with_everything().await;
        let mut change = secrets.clone();
        change["base_url"] = json!("https://other.example/v1");
        let moved = described(&registry.change(change).await.unwrap());
        assert_eq!(moved["base_url"], "https://other.example/v1");
        assert_eq!(moved["api_key"], secrets["api_key"]);
        assert_eq!(described(&registry.reopen().get("p")), moved);
    }
}

#[tokio::test]
async fn the_same_origin_needs_nothing_again() {
    let registry = with_everything().await;
    assert_eq!(registry.get("p").config().keys().count(), 2);
    for same in ["https://llm.example/v2", "https://LLM.example:443/v3/", "https://llm.example"] {
        let changed = registry.change(json!({ "base_url": same })).await.unwrap();
        let keys: Vec<_> = changed.config().keys().map(vault::Secret::expose).collect();
        assert_eq!(keys, [KEY, "sk-second"]);
    }
    let without_secrets = json!({ "name": "q", "provider_type": "ollama" });
    registry.register(without_secrets).await;
    let change = serde_json::from_value(json!({ "base_url": "http://10.0.0.1" })).unwrap();
    let moved = registry.manager.update("q".to_owned(), change).await.unwrap();
    assert_eq!(moved.config().base_url.as_str(), "http://10.0.0.1");
}

#[tokio::test]
async fn address_and_network_are_held_against_each_other() {
    let registry = Registry::new();
    let local = json!({ "name": "p", "provider_type": "ollama" });
    assert_eq!(registry.register(local).await.config().network, Network::Local);
    let local_address =
        "base_url points at the local address 127.0.0.1: set network: local to allow it";
    assert_eq!(sentence(registry.change(json!({ "network": "public" })).await), local_address);
    let both = json!({ "network": "public", "base_url": "https://ollama.example/api" });
    let moved = registry.change(both).await.unwrap();
    assert_eq!(moved.config().base_url.as_str(), "https://ollama.example");
    assert_eq!(sentence(registry.change(json!({ "base_url": null })).await), local_address);
    let back = registry.change(json!({ "base_url": null, "network": null })).await.unwrap();
    assert_eq!(back.config().base_url.as_str(), "http://127.0.0.1:11434");
    assert_eq!(back.config().network, Network::Local);
}

#[tokio::test]
async fn a_refused_change_changes_nothing() {
    let registry = with_everything().await;
    let before = described(&registry.get("p"));
    for change in [
        json!({ "default_model": "x", "api_key": "with space" }),
        json!({ "default_model": "x", "headers": { "host": "x" } }),
        json!({ "default_model": "x", "settings": { "preset": "x" } }),
        json!({ "default_model": "x", "base_url": "ftp://x" }),
        json!({ "default_model": "x", "api_keys": [KEY] }),
        json!({ "default_model": "x", "model_limits": { "": {} } }),
    ] {
        sentence(registry.change(change).await);
        assert_eq!(described(&registry.get("p")), before);
    }
    let unknown = registry.manager.update("x".to_owned(), providers::Change::default()).await;
    assert_eq!(unknown.err(), Some(ProviderError::NotFound));
    assert_eq!(described(&registry.reopen().get("p")), before);
}

/// Sends one request and gives the named header as the provider received it.
async fn sent_header(
    provider: &Provider,
    scripted: &ScriptedProvider,
    name: &str,
) -> Option<String> {
    let deadlines = Deadlines::default();
    let question = Question {
        key: 0,
        dialect: provider.config().dialect(),
        method: Method::GET,
        target: "/x",
        headers: HeaderMap::new(),
        body: Bytes::new(),
        deadlines,
    };
    let reply = provider.ask(question).await.unwrap();
    reply.body.collect(64).await.unwrap();
    scripted.requests().last().unwrap().header(name).map(str::to_owned)
}

#[tokio::test]
async fn a_changed_key_is_the_one_that_is_sent_and_the_old_provider_keeps_its_own() {
    let scripted = ScriptedProvider::always(Answer::json(200, "{}"));
    let registry = Registry::new();
    let old = registry.register_at(&scripted, "openai").await;
    let change = json!({ "api_key": "sk-new", "headers": { "x-team": "red" } });
    let new = registry.change(change).await.unwrap();
    let authorization = "authorization";
    let old_key = sent_header(&old, &scripted, authorization).await;
    assert_eq!(old_key, Some(format!("Bearer {KEY}")));
    let new_key = sent_header(&new, &scripted, authorization).await;
    assert_eq!(new_key.as_deref(), Some("Bearer sk-new"));
    assert_eq!(sent_header(&new, &scripted, "x-team").await.as_deref(), Some("red"));
    let unset = registry.change(json!({ "api_key": null })).await.unwrap();
    let fault = unset.require_api_key().unwrap_err();
    assert_eq!(fault.public, "OpenAI API key not configured");
}

#[tokio::test]
async fn connections_outlive_a_change_that_leads_to_the_same_place() {
    let scripted = ScriptedProvider::always(Answer::json(200, "{}"));
    let registry = Registry::new();
    let mut provider = registry.register_at(&scripted, "openai").await;
    for change in [json!({}), json!({ "default_model": "m" }), json!({ "timeout": 9 })] {
        sent_header(&provider, &scripted, "host").await;
        provider = registry.change(change).await.unwrap();
    }
    sent_header(&provider, &scripted, "host").await;
    assert_eq!((scripted.calls(), scripted.connections()), (4, 1));
    provider = registry.change(json!({ "api_key": "sk-other" })).await.unwrap();
    sent_header(&provider, &scripted, "host").await;
    assert_eq!((scripted.calls(), scripted.connections()), (5, 2));
}

#[tokio::test]
async fn a_disabled_provider_is_listed_but_takes_no_part() {
    let registry = with_everything().await;
    let enabled = || {
        let snapshot = registry.manager.snapshot();
        snapshot.enabled().map(|provider| provider.config().name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!((registry.names(), enabled()), (vec!["p".to_owned()], vec![]));
    registry.change(json!({ "enabled": true })).await.unwrap();
    assert_eq!(enabled(), ["p"]);
    registry.change(json!({ "enabled": false })).await.unwrap();
    assert!(enabled().is_empty());
    assert_eq!(registry.default_name().as_deref(), Some("p"));
}
