//! Everything over real files, each test in a directory of its own.

mod durability;
mod opening;
mod providers;
mod routes;

use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::{FILE_NAME, ProviderRow, Store};

fn data_dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn database(data_dir: &TempDir) -> PathBuf {
    data_dir.path().join(FILE_NAME)
}

/// The file that SQLite keeps beside the database, by its ending.
fn beside(database: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", database.display()))
}

/// A provider with nothing but what it must have.
fn plain(name: &str) -> ProviderRow {
    ProviderRow {
        name: name.to_owned(),
        provider_type: "ollama".to_owned(),
        base_url: "http://127.0.0.1:11434".to_owned(),
        default_model: None,
        models: Vec::new(),
        enabled: true,
        rate_limit: None,
        timeout_s: None,
        network: "local".to_owned(),
        settings: serde_json::Map::new(),
        api_key_sealed: None,
        api_key_hint: None,
        headers_sealed: None,
        header_names: Vec::new(),
        created_at_ms: 1_700_000_000_000,
    }
}

/// A provider with everything.
fn full(name: &str) -> ProviderRow {
    let settings = json!({"z": 1, "a": {"preset": "groq"}, "text": "\"ä\u{0}"});
    ProviderRow {
        provider_type: "custom".to_owned(),
        base_url: "https://api.example.test/v1".to_owned(),
        default_model: Some("org/model:tag".to_owned()),
        models: vec!["b".to_owned(), "a".to_owned()],
        enabled: false,
        rate_limit: Some(u32::MAX),
        timeout_s: Some(0.25),
        network: "public".to_owned(),
        settings: settings.as_object().unwrap().clone(),
        api_key_sealed: Some((0..=255).collect()),
        api_key_hint: Some("wxyz".to_owned()),
        headers_sealed: Some(vec![0, 255]),
        header_names: vec!["x-team".to_owned()],
        ..plain(name)
    }
}

fn names(store: &Store) -> Vec<String> {
    store.load().unwrap().providers.into_iter().map(|provider| provider.name).collect()
}

fn default_of(store: &Store) -> Option<String> {
    store.load().unwrap().default_provider
}
