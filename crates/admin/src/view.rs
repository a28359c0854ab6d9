//! Providers and their health as callers see them: never a secret.

use std::{sync::Arc, time::Duration};

use grants::Grant;
use providers::{Health, Provider, ProviderName, Snapshot};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

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
    /// Settings of its type.
    settings: Map<String, Value>,
    /// The names of the headers sent with every request.
    headers: Vec<String>,
    /// Whether a key is stored. The key itself is never shown.
    has_api_key: bool,
    /// The last four characters of a key of twenty or more.
    api_key_last4: Option<String>,
    /// When it was registered, RFC 3339.
    created_at: String,
}

/// What a probe found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HealthView {
    /// Whether a chat has a chance.
    healthy: bool,
    /// `up`, `rate_limited`, `key_refused`, `failing` or `unreachable`.
    state: &'static str,
    /// When the probe began, RFC 3339.
    checked_at: String,
    /// How long the probe took.
    latency_ms: u64,
    /// What went wrong, unless it is up.
    error: Option<String>,
    /// The status that the provider answered with, if it was not 200.
    upstream_status: Option<u16>,
    /// `closed` lets requests through.
    breaker: &'static str,
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
            settings: config.settings.to_json(),
            headers: config.headers.keys().cloned().collect(),
            has_api_key: config.api_key.is_some(),
            api_key_last4: config.api_key.as_ref().and_then(vault::Secret::hint).map(str::to_owned),
            created_at: humantime::format_rfc3339_millis(config.created_at).to_string(),
        }
    }
}

impl HealthView {
    pub(crate) fn of(health: &Health) -> Self {
        Self {
            healthy: health.state.is_healthy(),
            state: health.state.as_str(),
            checked_at: humantime::format_rfc3339_millis(health.checked_at).to_string(),
            latency_ms: milliseconds(health.latency),
            error: health.fault.as_ref().map(|fault| pipeline::sentence(fault, None)),
            upstream_status: health.fault.as_ref().and_then(|fault| fault.upstream_status),
            // Every request is let through, whatever the probes say: there is no breaker to open.
            breaker: "closed",
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
