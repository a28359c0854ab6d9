//! Limits of a provider and its models: what counts where, and what a change leaves counted.

use std::time::{Duration, Instant};

use canonical::ErrorKind;
use providers::Provider;
use serde_json::json;

use crate::support::Registry;

/// Requests that run: at the provider, and at each pattern of its models.
fn running(provider: &Provider) -> (u32, Vec<(String, u32)>) {
    let now = Instant::now();
    let models = provider.model_readings(now).into_iter();
    let models = models.map(|(pattern, reading)| (pattern.to_string(), reading.in_flight));
    (provider.reading(now).in_flight, models.collect())
}

fn models(counts: [u32; 2]) -> Vec<(String, u32)> {
    [("a*".to_owned(), counts[0]), ("ab".to_owned(), counts[1])].into()
}

async fn limited() -> Registry {
    let registry = Registry::new();
    registry
        .register(json!({
            "name": "p", "provider_type": "ollama", "limits": { "requests_per_minute": 100 },
            "model_limits": { "a*": { "concurrency": 50 }, "ab": { "requests_per_minute": 50 } },
        }))
        .await;
    registry
}

#[tokio::test]
async fn a_request_counts_at_the_provider_and_at_every_pattern_that_means_its_model() {
    let registry = limited().await;
    let provider = registry.get("p");
    let admit = |model| provider.admit(model, 1, Instant::now()).unwrap();
    let first = admit("ab");
    let _second = admit("abc");
    let _third = admit("b");
    assert_eq!(running(&provider), (3, models([2, 1])));
    drop(first);
    assert_eq!(running(&provider), (2, models([1, 0])));
}

#[tokio::test]
async fn what_was_counted_outlives_changes_of_anything_else() {
    let registry = limited().await;
    let _running = registry.get("p").admit("ab", 1, Instant::now()).unwrap();
    for (change, expected) in [
        (json!({ "default_model": "m" }), (1, models([1, 1]))),
        (json!({ "api_key": "sk-new" }), (1, models([1, 1]))),
        (json!({ "limits": { "requests_per_minute": 100 } }), (1, models([1, 1]))),
        (
            json!({ "model_limits": { "a*": { "concurrency": 50 }, "ab": { "concurrency": 5 } } }),
            (1, models([1, 0])),
        ),
        (json!({ "limits": { "requests_per_minute": 99 } }), (0, models([1, 0]))),
    ] {
        let changed = registry.change(change.clone()).await.unwrap();
        assert_eq!(running(&changed), expected, "{change}");
    }
}

#[tokio::test]
async fn who_is_refused_by_the_rate_is_counted_nowhere() {
    let registry = limited().await;
    let provider = registry.change(json!({ "rate_limit": 1 })).await.unwrap();
    let now = Instant::now();
    let _admitted = provider.admit("ab", 1, now).unwrap();
    let fault = provider.admit("ab", 1, now).unwrap_err();
    assert_eq!(fault.public, "Provider p is limited to 1 chats a minute: come back in 60 s");
    assert_eq!(running(&provider), (1, models([1, 1])));
}

#[tokio::test]
async fn whoever_waits_as_long_as_told_is_let_in() {
    let registry = limited().await;
    let limits = json!({
        "rate_limit": 3, "limits": { "tokens_per_minute": 100 },
        "model_limits": { "a*": { "requests_per_minute": 1 } },
    });
    let provider = registry.change(limits).await.unwrap();
    let mut now = Instant::now();
    drop(provider.admit("b", 90, now).unwrap());
    for (model, tokens, sentence) in [
        ("b", 20, "Provider p is limited to 100 tokens a minute: come back in 60 s"),
        ("abc", 1, ""),
        ("ab", 1, "Model a* of provider p is limited to 1 requests a minute: come back in 60 s"),
        ("b", 1, ""),
        ("b", 1, ""),
        ("b", 1, "Provider p is limited to 3 chats a minute: come back in 60 s"),
    ] {
        match provider.admit(model, tokens, now) {
            Ok(_) => assert_eq!(sentence, "", "{model}"),
            Err(fault) => {
                assert_eq!(fault.public, sentence);
                now += fault.retry_after.unwrap();
                assert!(provider.admit(model, tokens, now).is_ok(), "{sentence}");
                now += Duration::from_secs(60);
                drop(provider.admit("b", 90, now).unwrap());
            }
        }
    }
    let fault = provider.admit("b", 101, now).unwrap_err();
    assert_eq!((fault.kind, fault.retry_after), (ErrorKind::TooLarge, None));
    assert!(fault.public.contains("this request alone may need 101"), "{fault}");
}

#[tokio::test]
async fn what_runs_at_once_is_for_the_queue_to_say_where_one_may_wait() {
    let registry = limited().await;
    let provider = registry.get("p");
    assert!(provider.turn("caller").await.unwrap().is_none());
    let provider = registry.change(json!({ "limits": { "concurrency": 1 } })).await.unwrap();
    assert_eq!(provider.reading(Instant::now()).concurrency, Some(1));
    let _first = provider.admit("m", 1, Instant::now()).unwrap();
    assert!(provider.admit("m", 1, Instant::now()).is_ok());
    assert!(!provider.is_full());
    let turn = provider.turn("caller").await.unwrap().unwrap();
    assert!(provider.is_full());
    // Who is there stays there, and is counted, whatever the limit becomes.
    for (concurrency, is_full) in [(2, false), (1, true)] {
        let limits = json!({ "limits": { "concurrency": concurrency }, "queue": { "length": 0 } });
        assert_eq!(registry.change(limits).await.unwrap().is_full(), is_full);
    }
    let provider = registry.get("p");
    assert!(provider.turn("caller").await.is_err());
    drop(turn);
    assert!(provider.turn("caller").await.is_ok());
}
