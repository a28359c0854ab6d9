//! The rate window: so many chats at once and no more, until the oldest is a minute old.

use std::time::{Duration, Instant};

use canonical::ErrorKind;
use providers::{Freshness, Provider};
use serde_json::json;
use testkit::scripted::{Answer, ScriptedProvider};

use crate::support::Registry;

const MINUTE: Duration = Duration::from_secs(60);

async fn limited_to(limit: u32) -> Registry {
    let registry = Registry::new();
    registry.register(json!({ "name": "p", "provider_type": "ollama", "rate_limit": limit })).await;
    registry
}

/// How many of `attempts` chats are admitted.
fn admitted(provider: &Provider, attempts: usize, now: Instant) -> usize {
    (0..attempts).filter(|_| provider.admit("m", 0, now).is_ok()).count()
}

#[tokio::test]
async fn all_may_come_at_once_and_the_next_is_told_when() {
    let registry = limited_to(3).await;
    let provider = registry.get("p");
    let start = Instant::now();
    assert_eq!(admitted(&provider, 1, start), 1);
    let later = start + Duration::from_millis(20_500);
    assert_eq!(admitted(&provider, 2, later), 2);
    let fault = provider.admit("m", 0, later).unwrap_err();
    assert_eq!(fault.kind, ErrorKind::RateLimited);
    assert_eq!(fault.retry_after, Some(Duration::from_millis(39_500)));
    assert_eq!(fault.upstream_status, None);
    assert_eq!(fault.public, "Provider p is limited to 3 chats a minute: come back in 40 s");
    assert_eq!(admitted(&provider, 1, start + MINUTE - Duration::from_millis(1)), 0);
    assert_eq!(admitted(&provider, 5, start + MINUTE), 1);
    assert_eq!(admitted(&provider, 5, later + MINUTE), 2);
}

#[tokio::test]
async fn no_limit_is_no_limit() {
    let registry = Registry::new();
    let provider = registry.register(json!({ "name": "p", "provider_type": "ollama" })).await;
    assert_eq!(admitted(&provider, 10_000, Instant::now()), 10_000);
}

#[tokio::test]
async fn a_change_of_anything_else_keeps_the_window() {
    let registry = limited_to(2).await;
    let now = Instant::now();
    assert_eq!(admitted(&registry.get("p"), 1, now), 1);
    for change in [
        json!({ "default_model": "m" }),
        json!({ "base_url": "http://10.0.0.1" }),
        json!({ "api_key": "sk-new" }),
    ] {
        registry.change(change).await.unwrap();
    }
    assert_eq!(admitted(&registry.get("p"), 5, now), 1);
}

#[tokio::test]
async fn setting_the_limit_begins_with_an_empty_window() {
    let registry = limited_to(2).await;
    let now = Instant::now();
    assert_eq!(admitted(&registry.get("p"), 5, now), 2);
    for (change, expected) in [
        (json!({ "rate_limit": 2 }), 2),
        (json!({ "rate_limit": 4 }), 4),
        (json!({ "rate_limit": null }), 5),
        (json!({ "rate_limit": 1 }), 1),
    ] {
        registry.change(change).await.unwrap();
        assert_eq!(admitted(&registry.get("p"), 5, now), expected);
    }
}

#[tokio::test]
async fn a_request_under_way_counts_in_the_window_of_its_time() {
    let registry = limited_to(1).await;
    let old = registry.get("p");
    let new = registry.change(json!({ "default_model": "m" })).await.unwrap();
    let now = Instant::now();
    assert_eq!((admitted(&old, 1, now), admitted(&new, 1, now)), (1, 0));
}

#[tokio::test]
async fn probes_and_lists_do_not_count() {
    let scripted = ScriptedProvider::always(Answer::json(200, r#"{"models":[]}"#));
    let registry = Registry::new();
    registry.register_at(&scripted, "ollama").await;
    let provider = registry.change(json!({ "rate_limit": 1 })).await.unwrap();
    for _ in 0..3 {
        assert_eq!(provider.models(Freshness::Refreshed).await.fault, None);
        provider.health().await;
    }
    assert!(scripted.calls() >= 4);
    assert_eq!(admitted(&provider, 2, Instant::now()), 1);
}
