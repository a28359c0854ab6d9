//! Several keys of one provider: which one is sent, how many there may be, and that none is ever told.

use bytes::Bytes;
use canonical::Dialect;
use http::{HeaderMap, Method};
use providers::{Provider, ProviderError, Question};
use serde_json::json;
use testkit::scripted::{Answer, ScriptedProvider};
use upstream::Deadlines;

use crate::support::{KEY, Registry};

fn question(dialect: Dialect, key: usize) -> Question<'static> {
    let deadlines = Deadlines::default();
    let (headers, body) = (HeaderMap::new(), Bytes::new());
    Question { key, dialect, method: Method::GET, target: "/x", headers, body, deadlines }
}

/// Registers a provider of the type with three keys at a scripted one's address.
async fn with_three_keys(scripted: &ScriptedProvider, provider_type: &str) -> Registry {
    let registry = Registry::new();
    registry.register_at(scripted, provider_type).await;
    registry.change(json!({ "api_keys": ["sk-second-key", "sk-third-key"] })).await.unwrap();
    registry
}

async fn check_sent(provider: &Provider, scripted: &ScriptedProvider, header: &str, prefix: &str) {
    for dialect in provider.config().dialects() {
        for (number, key) in [KEY, "sk-second-key", "sk-third-key"].into_iter().enumerate() {
            provider.ask(question(*dialect, number)).await.unwrap();
            let requests = scripted.requests();
            let sent = requests.last().unwrap().header(header);
            assert_eq!(sent, Some(format!("{prefix}{key}").as_str()), "{dialect:?} {number}");
        }
        // A number that no key has is none of them.
        provider.ask(question(*dialect, 3)).await.unwrap();
        assert_eq!(scripted.requests().last().unwrap().header(header), None);
    }
}

#[tokio::test]
async fn a_question_says_which_key_it_carries() {
    for (provider_type, header, prefix) in [
        ("openai", "authorization", "Bearer "),
        ("anthropic", "x-api-key", ""),
        ("google", "x-goog-api-key", ""),
    ] {
        let scripted = ScriptedProvider::always(Answer::json(200, "{}"));
        let registry = with_three_keys(&scripted, provider_type).await;
        check_sent(&registry.get("p"), &scripted, header, prefix).await;
        let registry = registry.reopen();
        check_sent(&registry.get("p"), &scripted, header, prefix).await;
    }
}

#[tokio::test]
async fn further_keys_are_enough() {
    let scripted = ScriptedProvider::always(Answer::json(200, "{}"));
    let registry = with_three_keys(&scripted, "openai").await;
    let provider = registry.change(json!({ "api_key": null })).await.unwrap();
    provider.ask(question(Dialect::OpenAiChat, 0)).await.unwrap();
    let sent = scripted.requests();
    assert_eq!(sent[0].header("authorization"), Some("Bearer sk-second-key"));
}

#[tokio::test]
async fn no_key_is_told_in_an_error() {
    let body = r#"{"error":{"message":"sk-second-key and sk-third-key and sk-other are refused"}}"#;
    let scripted = ScriptedProvider::always(Answer::json(401, body));
    let registry = with_three_keys(&scripted, "openai").await;
    let refused = registry.get("p").ask(question(Dialect::OpenAiChat, 1)).await.err().unwrap();
    assert_eq!(refused.fault.public, "[redacted] and [redacted] and sk-other are refused");
    assert_eq!(refused.body, None);
}

#[tokio::test]
async fn keys_are_held_to_the_rules_without_repeating_them() {
    let numbered = |count| (0..count).map(|number| format!("sk-hush-{number}")).collect::<Vec<_>>();
    let registry = Registry::new();
    registry.register(json!({ "name": "p", "provider_type": "openai", "api_key": KEY })).await;
    for (keys, start) in [
        (vec!["sk hush".to_owned()], "Invalid api_key: "),
        (vec!["hush".repeat(1025)], "Invalid api_key: "),
        (vec!["hush".to_owned(), "hush".to_owned()], "api_keys holds a key twice"),
        (vec![KEY.to_owned()], "api_keys holds a key twice"),
        (numbered(16), "Too many api_keys: a provider has at most 16 keys"),
    ] {
        match registry.change(json!({ "api_keys": keys })).await {
            Err(ProviderError::Invalid(sentence)) => {
                assert!(sentence.starts_with(start), "{sentence}");
                assert!(!sentence.contains("hush") && !sentence.contains(KEY), "{sentence}");
            }
            _ => panic!("{start}"),
        }
    }
    let most = registry.change(json!({ "api_keys": numbered(15) })).await.unwrap();
    assert_eq!(most.config().keys().count(), 16);
    // The fields of a form that were left empty.
    let none = registry.change(json!({ "api_keys": ["", ""] })).await.unwrap();
    assert_eq!(none.config().keys().count(), 1);
}

#[tokio::test]
async fn a_probe_tries_the_next_key_where_one_is_refused() {
    let scripted = ScriptedProvider::start(|request| match request.header("authorization") {
        Some("Bearer sk-third-key") => Answer::json(200, r#"{"data":[]}"#),
        _ => Answer::json(401, "{}"),
    });
    let registry = with_three_keys(&scripted, "openai").await;
    assert!(registry.get("p").health().await.state.is_healthy());
    assert_eq!(scripted.calls(), 3);
}
