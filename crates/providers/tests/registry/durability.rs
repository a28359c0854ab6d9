//! What a start finds: everything as it was left, or a sentence that names what can't be opened.

use providers::ProviderError;
use serde_json::{Value, json};
use store::{ProviderRow, Store};

use crate::support::{KEY, Registry, open};

async fn with_two_of_one_origin() -> Registry {
    let registry = Registry::new();
    for (name, key) in [("one", KEY), ("two", "sk-another-key-of-some-length")] {
        let description = json!({
            "name": name, "provider_type": "openai", "api_key": key, "headers": { "x-a": name },
        });
        registry.register(description).await;
    }
    registry
}

#[tokio::test]
async fn everything_is_there_after_a_start() {
    let registry = with_two_of_one_origin().await;
    let everything = json!({
        "name": "all", "provider_type": "custom", "api_key": KEY, "default_model": "m",
        "models": ["a/b", "c:d"], "enabled": false, "rate_limit": 7, "timeout": 0.25,
        "network": "local", "settings": { "preset": "vllm" },
        "headers": { "x-a": "1", "X-B": "\"2\"" },
        "api_keys": ["sk-\"quoted\"", "sk-third"], "timeouts": { "connect": 1.5, "idle": 2.0 },
        "limits": { "requests_per_minute": 1, "tokens_per_minute": 2, "concurrency": 3 },
        "model_limits": { "a*": { "concurrency": 4 } }, "queue": { "length": 5, "wait": 0.5 },
    });
    registry.register(everything).await;
    registry.manager.set_default("two".to_owned()).await.unwrap();
    let before: Vec<_> = registry.names().iter().map(|name| registry.get(name)).collect();
    let registry = registry.reopen();
    assert_eq!(registry.names(), ["one", "two", "all"]);
    assert_eq!(registry.default_name().as_deref(), Some("two"));
    for old in before {
        let new = registry.get(old.config().name.as_str());
        let (old, new) = (old.config(), new.config());
        // Debug shows all but the secrets, which are compared by hand; the clock is kept in milliseconds.
        let shown = |config: &providers::ProviderConfig| {
            format!(
                "{:?}",
                providers::ProviderConfig {
                    created_at: std::time::SystemTime::UNIX_EPOCH,
                    ..config.clone()
                }
            )
        };
        assert_eq!(shown(old), shown(new));
        let secrets = |config: &providers::ProviderConfig| -> Vec<String> {
            let secrets = config.keys().chain(config.headers.values());
            secrets.map(|secret| secret.expose().to_owned()).collect()
        };
        assert_eq!(secrets(old), secrets(new));
        let lost = old.created_at.duration_since(new.created_at).unwrap();
        assert!(lost.as_millis() < 1, "{lost:?}");
    }
}

#[tokio::test]
async fn what_was_removed_stays_removed() {
    let registry = with_two_of_one_origin().await;
    registry.manager.remove("one".to_owned()).await.unwrap();
    let registry = registry.reopen();
    assert_eq!(registry.names(), ["two"]);
    assert_eq!(registry.default_name().as_deref(), Some("two"));
}

#[tokio::test]
async fn no_secret_lies_in_the_data_directory() {
    let registry = with_two_of_one_origin().await;
    let change = json!({ "api_key": "sk-changed-0123456789", "api_keys": ["sk-further-0123456789"],
            "headers": { "x-a": "canary-header" } });
    let change = serde_json::from_value(change).unwrap();
    registry.manager.update("one".to_owned(), change).await.unwrap();
    for file in std::fs::read_dir(registry.data_dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in [KEY, "sk-changed-0123456789", "sk-further-0123456789", "canary-header"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn another_master_key_is_refused() {
    let registry = with_two_of_one_origin().await;
    let error =
        open(&registry.data_dir, &tempfile::tempdir().unwrap(), &registry.egress).err().unwrap();
    let ProviderError::Store(sentence) = error else { panic!("{error:?}") };
    let start = "provider one is stored with a secret that can't be opened: sealed by master key ";
    assert!(sentence.starts_with(start), "{sentence}");
    assert!(sentence.ends_with("restore the other master.key"), "{sentence}");
}

/// Changes the stored row of `one`, given that of `two`, and opens the registry.
async fn opened_after(tamper: impl FnOnce(&mut ProviderRow, &ProviderRow)) -> String {
    let registry = with_two_of_one_origin().await;
    let store = Store::open(registry.data_dir.path()).unwrap();
    let mut rows = store.load().unwrap().providers;
    let two = rows.remove(1);
    tamper(&mut rows[0], &two);
    store.update_provider(&rows[0]).unwrap();
    match open(&registry.data_dir, &registry.keys_dir, &registry.egress).err() {
        Some(ProviderError::Store(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn sealed_values_open_only_where_they_were_sealed_for() {
    let moved = "provider one is stored with a secret that can't be opened: changed since it was \
                 sealed, or moved from another place: enter the secret again";
    let from_the_other_row = opened_after(|one, two| {
        one.api_key_sealed.clone_from(&two.api_key_sealed);
    });
    assert_eq!(from_the_other_row.await, moved);
    let from_the_other_column = opened_after(|one, _| {
        one.headers_sealed.clone_from(&one.api_key_sealed);
    });
    assert_eq!(from_the_other_column.await, moved);
    let further_keys_from_the_other_column = opened_after(|one, _| {
        one.api_keys_sealed.clone_from(&one.api_key_sealed);
    });
    assert_eq!(further_keys_from_the_other_column.await, moved);
    let to_another_origin = opened_after(|one, _| {
        one.base_url = "https://evil.example/v1".to_owned();
    });
    assert_eq!(to_another_origin.await, moved);
    let to_another_scheme = opened_after(|one, _| {
        one.base_url = "http://api.openai.com:443/v1".to_owned();
        one.network = "local".to_owned();
    });
    assert_eq!(to_another_scheme.await, moved);
}

#[tokio::test]
async fn a_row_that_breaks_the_rules_is_named() {
    type Tamper = fn(&mut ProviderRow);
    let cases: [(Tamper, &str); 6] = [
        (
            |row| drop(row.limits.insert("x".to_owned(), Value::Null)),
            "members that can't be read: ",
        ),
        (
            |row| drop(row.queue.insert("wait".to_owned(), json!("x"))),
            "members that can't be read: ",
        ),
        (|row| drop(row.model_limits.insert(String::new(), json!({}))), "Invalid model_limits: "),
        (|row| row.provider_type = "azure".to_owned(), "an unknown type"),
        (|row| row.base_url = "http://127.0.0.1".to_owned(), "an address that is refused: "),
        (
            |row| drop(row.settings.insert("x".to_owned(), Value::Null)),
            "settings that are refused: ",
        ),
    ];
    for (tamper, what) in cases {
        let sentence = opened_after(|one, _| tamper(one)).await;
        let start = format!("provider one is stored with {what}");
        assert!(sentence.starts_with(&start), "{sentence}");
    }
}
