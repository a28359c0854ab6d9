//! Providers as callers see them: never a secret.

mod health;
mod keys;
mod limits;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use ::limits::Limits;
use grants::Grant;
use providers::{Provider, ProviderName, Queue, Snapshot, Timeouts};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use health::HealthView;
use keys::KeyView;
use limits::Used;

/// All registered providers.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProviderList {
    /// The provider that is used when a request names none.
    default_provider: Option<String>,
    /// Every provider by its name, in the order of registration.
    providers: Map<String, Value>,
}

/// A provider's configuration.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProviderView {
    /// The name that it is called by.
    name: String,
    /// Its type.
    r#type: &'static str,
    /// Whether it takes part in models, health and chat.
    enabled: bool,
    /// Whether it is used when a request names none.
    is_default: bool,
    /// Where it is, version segment included.
    base_url: String,
    /// Where it may live: `public` or `local`.
    network: &'static str,
    /// The model that is used when a chat names none.
    default_model: Option<String>,
    /// The only models to list; empty is all.
    models: Vec<String>,
    /// Chats that may start in any 60 seconds; `null` is no limit.
    rate_limit: Option<u32>,
    /// How long a request may take in all, in seconds; `null` is the default of 600.
    timeout: Option<f64>,
    /// Limits of single phases, in seconds.
    timeouts: Timeouts,
    /// How much may be used of it.
    limits: Limits,
    /// How much may be used of its models, by patterns of their names.
    model_limits: BTreeMap<String, Limits>,
    /// Who may wait where `limits.concurrency` is reached.
    queue: Queue,
    /// What has been used of `limits`.
    used: Used,
    /// What has been used of `model_limits`.
    models_used: BTreeMap<String, Used>,
    /// Requests that wait for their turn.
    waiting: usize,
    /// Settings of its type.
    settings: Map<String, Value>,
    /// The names of the headers sent with every request.
    headers: Vec<String>,
    /// Whether a key is stored. The key itself is never shown.
    has_api_key: bool,
    /// The last four characters of a key of twenty or more.
    api_key_last4: Option<String>,
    /// The state of each of its keys, in order; `api_key` is the first.
    api_keys: Vec<KeyView>,
    /// When it was registered, RFC 3339.
    created_at: String,
    /// Where in the config file it stands, as `FILE:LINE`, if it does: then it can only be changed there.
    declared_at: Option<String>,
}

impl ProviderList {
    /// Shows the providers that `grant` holds.
    pub(crate) fn of(snapshot: &Snapshot, grant: &Grant) -> Self {
        let row = |provider: &Arc<Provider>| {
            let view = serde_json::to_value(ProviderView::of(provider, snapshot));
            (provider.config().name.to_string(), view.unwrap_or_default())
        };
        Self {
            default_provider: held_default(snapshot.default_name(), grant),
            providers: held(snapshot.iter(), grant).map(row).collect(),
        }
    }
}

impl ProviderView {
    pub(crate) fn of(provider: &Provider, snapshot: &Snapshot) -> Self {
        let config = provider.config();
        let now = Instant::now();
        let model_limits = config.model_limits.iter();
        let models_used = provider.model_readings(now).into_iter();
        Self {
            name: config.name.to_string(),
            r#type: config.provider_type.as_str(),
            enabled: config.enabled,
            is_default: snapshot.default_name() == Some(&config.name),
            base_url: config.base_url.as_str().to_owned(),
            network: config.network.as_str(),
            default_model: config.default_model.clone(),
            models: config.models.clone(),
            rate_limit: config.rate_limit,
            timeout: config.timeout_s,
            timeouts: config.timeouts,
            limits: config.limits,
            model_limits: model_limits
                .map(|(pattern, limits)| (pattern.to_string(), *limits))
                .collect(),
            queue: config.queue,
            used: Used::of(&provider.reading(now)),
            models_used: models_used
                .map(|(pattern, reading)| (pattern.to_string(), Used::of(&reading)))
                .collect(),
            waiting: provider.waiting(),
            settings: config.settings.to_json(),
            headers: config.headers.keys().cloned().collect(),
            has_api_key: config.has_key(),
            api_key_last4: config.api_key.as_ref().and_then(vault::Secret::hint).map(str::to_owned),
            api_keys: keys::of(provider, now),
            created_at: humantime::format_rfc3339_millis(config.created_at).to_string(),
            declared_at: config.declared_at.clone(),
        }
    }
}

/// Those of the providers that `grant` holds.
pub(crate) fn held<'s>(
    providers: impl Iterator<Item = &'s Arc<Provider>>,
    grant: &Grant,
) -> impl Iterator<Item = &'s Arc<Provider>> {
    providers.filter(|provider| grant.holds_provider(provider.config().name.as_str()))
}

/// The default's name, where `grant` holds it.
pub(crate) fn held_default(name: Option<&ProviderName>, grant: &Grant) -> Option<String> {
    name.filter(|name| grant.holds_provider(name.as_str())).map(ToString::to_string)
}

/// A duration in whole milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The wall clock's time at `moment`, RFC 3339.
fn clock(moment: Instant, now: Instant) -> String {
    let moment = SystemTime::now() + moment.saturating_duration_since(now);
    humantime::format_rfc3339_millis(moment).to_string()
}
