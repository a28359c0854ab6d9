//! Parked keys: freed by a good probe or other keys, and never parked by a probe.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use canonical::{ErrorKind, Fault};
use providers::{Freshness, Provider};
use routing::Blame;
use serde_json::json;
use testkit::scripted::{Answer, ScriptedProvider};
use tokio::sync::oneshot;

use crate::{
    models::pass,
    support::{KEY, Registry},
};

const LIST: &str = r#"{"data":[]}"#;

/// Parks a key as a refusal of the kind does.
fn park(provider: &Provider, key: usize, kind: ErrorKind) {
    let fault = Fault::new(kind, "no");
    provider.key_ring().failed(key, "m", Blame::Key, &fault, Instant::now());
}

/// Which of the keys are parked.
fn parked(provider: &Provider) -> Vec<bool> {
    let states = provider.key_ring().states(Instant::now());
    states.iter().map(|state| state.parked.is_some()).collect()
}

/// A provider of two keys, of which the list of models is told to those in `good`.
async fn two_keys(good: &'static [&str]) -> (ScriptedProvider, Registry, Arc<Provider>) {
    let scripted = ScriptedProvider::start(|request| {
        let key = request.header("authorization").unwrap().strip_prefix("Bearer ").unwrap();
        if good.contains(&key) { Answer::json(200, LIST) } else { Answer::json(401, "{}") }
    });
    let registry = Registry::new();
    registry.register_at(&scripted, "openai").await;
    let provider = registry.change(json!({ "api_keys": ["sk-second"] })).await.unwrap();
    (scripted, registry, provider)
}

#[tokio::test]
async fn a_probe_frees_the_keys_that_are_good_and_parks_none() {
    for (good, expected, is_healthy) in [
        ([KEY, "sk-second"].as_slice(), [false, false], true),
        (&[KEY], [false, true], true),
        (&["sk-second"], [true, false], true),
        (&[], [true, true], false),
    ] {
        let (_scripted, _registry, provider) = two_keys(good).await;
        park(&provider, 0, ErrorKind::KeyRefused);
        park(&provider, 1, ErrorKind::KeyRefused);
        assert_eq!(provider.health().await.state.is_healthy(), is_healthy, "{good:?}");
        assert_eq!(parked(&provider), expected, "{good:?}");
    }
    let (_scripted, _registry, provider) = two_keys(&[]).await;
    assert!(!provider.health().await.state.is_healthy());
    assert_eq!(parked(&provider), [false, false]);
}

#[tokio::test]
async fn the_list_of_models_is_asked_for_with_a_key_that_is_not_parked() {
    let (_scripted, _registry, provider) = two_keys(&["sk-second"]).await;
    assert!(provider.models(Freshness::Refreshed).await.fault.is_some());
    park(&provider, 0, ErrorKind::KeyRefused);
    assert_eq!(provider.models(Freshness::Refreshed).await.fault, None);
}

#[tokio::test]
async fn new_keys_or_the_same_entered_again_are_free() {
    let (_scripted, registry, mut provider) = two_keys(&[]).await;
    for change in [
        json!({ "api_key": "sk-new" }),
        json!({ "api_keys": ["sk-third"] }),
        json!({ "api_keys": ["sk-third"] }),
        json!({ "api_key": "sk-new" }),
    ] {
        park(&provider, 0, ErrorKind::KeyRefused);
        park(&provider, 1, ErrorKind::KeyRefused);
        provider = registry.change(change.clone()).await.unwrap();
        assert_eq!(parked(&provider), [false, false], "{change}");
    }
    park(&provider, 1, ErrorKind::KeyRefused);
    provider = registry.change(json!({ "default_model": "m", "limits": null })).await.unwrap();
    assert_eq!(parked(&provider), [false, true]);
}

#[tokio::test]
async fn providers_in_trouble_are_probed_every_thirty_seconds_and_others_never() {
    let (scripted, registry, provider) = two_keys(&[KEY]).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let mut tending = Box::pin(Arc::clone(&registry.manager).tend(async { drop(stopped.await) }));
    // Polled once, so that its time runs from here on.
    let poll = |tending: &mut _| futures_util::FutureExt::now_or_never(tending).is_some();
    assert!(!poll(&mut tending));
    pass(Duration::from_secs(30)).await;
    assert!(!poll(&mut tending));
    park(&provider, 0, ErrorKind::KeyRefused);
    park(&provider, 1, ErrorKind::KeyRefused);
    pass(Duration::from_millis(29_900)).await;
    assert!(!poll(&mut tending));
    assert_eq!(scripted.calls(), 0);
    pass(Duration::from_millis(100)).await;
    let freed = async {
        while parked(&provider) != [false, true] {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = &mut tending => panic!("ended by itself"),
        in_time = tokio::time::timeout(Duration::from_secs(20), freed) => in_time.unwrap(),
    }
    assert_eq!(scripted.calls(), 2);
    drop(stop);
    tending.await;
}
