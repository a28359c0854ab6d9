//! Everything over real files, each test in a directory of its own.

mod durability;
mod keys;
mod opening;
mod providers;
mod requests;
mod routes;
mod usage;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::{AttemptRow, FILE_NAME, ProviderRow, RequestRow, Store};

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
        settings: Map::new(),
        api_key_sealed: None,
        api_key_hint: None,
        headers_sealed: None,
        header_names: Vec::new(),
        api_keys_sealed: None,
        limits: Map::new(),
        model_limits: Map::new(),
        timeouts: Map::new(),
        queue: Map::new(),
        created_at_ms: 1_700_000_000_000,
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
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
        settings: object(settings),
        api_key_sealed: Some((0..=255).collect()),
        api_key_hint: Some("wxyz".to_owned()),
        headers_sealed: Some(vec![0, 255]),
        header_names: vec!["x-team".to_owned()],
        api_keys_sealed: Some(vec![7, 0]),
        limits: object(json!({"concurrency": 2})),
        model_limits: object(json!({"big-*": {"requests_per_minute": 3}})),
        timeouts: object(json!({"first_token": 0.5})),
        queue: object(json!({"length": 9})),
        ..plain(name)
    }
}

fn names(store: &Store) -> Vec<String> {
    store.load().unwrap().providers.into_iter().map(|provider| provider.name).collect()
}

fn default_of(store: &Store) -> Option<String> {
    store.load().unwrap().default_provider
}

/// Noon of 2026-01-31 in UTC.
const NOON_MS: i64 = 1_769_860_800_000;

/// A request with nothing but what it must have.
fn bare(id: &str) -> RequestRow {
    RequestRow {
        id: id.to_owned(),
        began_at_ms: NOON_MS,
        generation: 1,
        key: "admin".to_owned(),
        project: None,
        operation: "chat".to_owned(),
        dialect: "openai".to_owned(),
        stream: false,
        asked_model: String::new(),
        route: None,
        provider: None,
        model: None,
        status: 400,
        outcome: "refused".to_owned(),
        error: None,
        input_tokens: None,
        cache_read_tokens: None,
        cache_write_tokens: None,
        output_tokens: None,
        reasoning_tokens: None,
        cost_nano_usd: None,
        duration_ms: 0,
        first_byte_ms: None,
        queued_ms: 0,
        attempts: Vec::new(),
        traceparent: None,
    }
}

/// A request with everything.
fn answered(id: &str) -> RequestRow {
    RequestRow {
        project: Some("blue".to_owned()),
        stream: true,
        asked_model: "fast".to_owned(),
        route: Some("fast".to_owned()),
        provider: Some("work".to_owned()),
        model: Some("org/model:tag".to_owned()),
        status: 200,
        outcome: "answered".to_owned(),
        input_tokens: Some(1),
        cache_read_tokens: Some(20),
        cache_write_tokens: Some(300),
        output_tokens: Some(4000),
        reasoning_tokens: Some(50),
        cost_nano_usd: Some(600_000),
        duration_ms: 70,
        first_byte_ms: Some(8),
        queued_ms: 9,
        attempts: vec![
            AttemptRow { error: Some("unavailable".to_owned()), ..attempt("near") },
            attempt("work"),
        ],
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        ..bare(id)
    }
}

fn attempt(provider: &str) -> AttemptRow {
    AttemptRow {
        provider: provider.to_owned(),
        model: "org/model:tag".to_owned(),
        key: 1,
        reason: "first in order".to_owned(),
        began_ms: 2,
        duration_ms: 3,
        first_byte_ms: Some(1),
        status: Some(503),
        error: None,
        blame: Some("provider".to_owned()),
    }
}
