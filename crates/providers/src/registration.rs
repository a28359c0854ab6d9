//! What a caller sends to register a provider, and the rules that make it a configuration.

use std::{
    collections::{BTreeMap, HashSet},
    time::SystemTime,
};

use grants::{Pattern, PatternError};
use limits::Limits;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use upstream::{Egress, Network};
use vault::Secret;

use crate::{
    ProviderConfig, ProviderError, ProviderName, ProviderType, Queue, Settings, Timeouts, endpoint,
    extra_headers,
};

/// More than any vendor's longest id.
const MOST_MODEL_CHARACTERS: usize = 256;
/// Keys of one provider.
const MOST_KEYS: usize = 16;
/// Patterns of models with limits of their own.
const MOST_MODEL_LIMITS: usize = 256;

/// A new provider, as a caller describes it.
#[derive(Default, Deserialize, JsonSchema)]
pub struct Registration {
    /// One of `ollama`, `openai`, `anthropic`, `google`, `mistral`, `custom`.
    pub provider_type: String,
    /// A unique name: 1 to 64 of `A-Z a-z 0-9 . _ -`, starting with a letter or digit.
    pub name: String,
    /// The key to send to the provider; needed by the cloud types. Never returned.
    pub api_key: Option<String>,
    /// Further keys, at most 15: another is used where one is refused or has reached its rate. Never returned.
    pub api_keys: Option<Vec<String>>,
    /// Where the provider is, version segment included; defaults to the vendor's own address.
    pub base_url: Option<String>,
    /// The model that is used when a chat names none.
    pub default_model: Option<String>,
    /// The only models to list; all of the provider's when unset or empty.
    pub models: Option<Vec<String>>,
    /// Whether the provider takes part in models, health and chat; true when unset.
    pub enabled: Option<bool>,
    /// Chats that may start in any 60 seconds; unset is no limit.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub rate_limit: Option<u32>,
    /// How long a request may take in all, in seconds; 600 when unset.
    #[schemars(range(min = 0.001, max = 86_400.0))]
    pub timeout: Option<f64>,
    /// How long single phases of a request may take.
    pub timeouts: Option<Timeouts>,
    /// How much may be used of the provider.
    pub limits: Option<Limits>,
    /// How much may be used of its models, by patterns of their names; all that a pattern means count together.
    pub model_limits: Option<BTreeMap<String, Limits>>,
    /// Who may wait where `limits.concurrency` is reached.
    pub queue: Option<Queue>,
    /// Where the provider may live; `local` for Ollama and local presets, else `public`, when unset.
    pub network: Option<NetworkName>,
    /// Settings of the type: `preset` for a custom provider, `keep_alive` and `num_ctx` for Ollama.
    pub settings: Option<Map<String, Value>>,
    /// Headers to send with every request. Their values are secrets and never returned.
    pub headers: Option<BTreeMap<String, String>>,
}

/// Where a provider may live.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum NetworkName {
    /// Public addresses, by https.
    Public,
    /// Also loopback and private addresses, and http; exactly the host and port of the base URL.
    Local,
}

impl From<NetworkName> for Network {
    fn from(name: NetworkName) -> Self {
        match name {
            NetworkName::Public => Self::Public,
            NetworkName::Local => Self::Local,
        }
    }
}

impl Registration {
    /// Holds the description to every rule and fills in the defaults.
    pub(crate) fn check(self, egress: &Egress) -> Result<ProviderConfig, ProviderError> {
        let provider_type = ProviderType::parse(&self.provider_type).ok_or_else(|| {
            ProviderError::Invalid(format!("Invalid provider type: {}", self.provider_type))
        })?;
        let name = ProviderName::parse(&self.name).map_err(ProviderError::Invalid)?;
        let settings = Settings::parse(provider_type, &self.settings.unwrap_or_default())
            .map_err(ProviderError::Invalid)?;
        let api_key = check_api_key(self.api_key)?;
        let api_keys = check_api_keys(self.api_keys)?;
        check_distinct(api_key.as_ref(), &api_keys)?;
        let network = self
            .network
            .map_or_else(|| endpoint::default_network(provider_type, &settings), Network::from);
        let base_url =
            endpoint::resolve(provider_type, &settings, self.base_url.as_deref(), network, egress)?;
        let headers = extra_headers::parse(self.headers.unwrap_or_default())
            .map_err(ProviderError::Invalid)?;
        let config = ProviderConfig {
            name,
            provider_type,
            base_url,
            api_key,
            api_keys,
            default_model: check_default_model(self.default_model)?,
            models: check_models(self.models)?,
            enabled: self.enabled.unwrap_or(true),
            rate_limit: self.rate_limit,
            timeout_s: self.timeout,
            timeouts: self.timeouts.unwrap_or_default(),
            limits: self.limits.unwrap_or_default(),
            model_limits: check_model_limits(self.model_limits)?,
            queue: self.queue.unwrap_or_default(),
            network,
            settings,
            headers,
            created_at: SystemTime::now(),
            declared_at: None,
        };
        if config.lacks_api_key() {
            let title = config.title();
            let sentence =
                format!("api_key is required for {title} providers: send it in the body");
            return Err(ProviderError::Invalid(sentence));
        }
        Ok(config)
    }
}

/// Refuses a key that no header can carry, without repeating it; an empty one is none.
pub(crate) fn check_api_key(key: Option<String>) -> Result<Option<Secret>, ProviderError> {
    let Some(key) = key.filter(|key| !key.is_empty()) else { return Ok(None) };
    if key.len() > 4096 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ProviderError::invalid(
            "Invalid api_key: it must be at most 4096 visible ASCII characters without spaces",
        ));
    }
    Ok(Some(Secret::new(key)))
}

/// Refuses a list of keys that is too long, or that holds what no header can carry; an empty form field is no key.
pub(crate) fn check_api_keys(keys: Option<Vec<String>>) -> Result<Vec<Secret>, ProviderError> {
    let given = keys.unwrap_or_default().into_iter().map(Some);
    let keys: Vec<_> =
        given.filter_map(|key| check_api_key(key).transpose()).collect::<Result<_, _>>()?;
    if keys.len() >= MOST_KEYS {
        return Err(ProviderError::Invalid(format!(
            "Too many api_keys: a provider has at most {MOST_KEYS} keys, api_key among them"
        )));
    }
    Ok(keys)
}

/// Refuses keys of which two are the same, which would count as one at the provider.
pub(crate) fn check_distinct(
    first: Option<&Secret>,
    further: &[Secret],
) -> Result<(), ProviderError> {
    let mut seen = HashSet::new();
    if first.into_iter().chain(further).all(|key| seen.insert(key.expose())) {
        return Ok(());
    }
    Err(ProviderError::invalid("api_keys holds a key twice, or api_key itself: send each key once"))
}

/// Refuses patterns that mean nothing, and more of them than anyone needs.
pub(crate) fn check_model_limits(
    limits: Option<BTreeMap<String, Limits>>,
) -> Result<BTreeMap<Pattern, Limits>, ProviderError> {
    let limits = limits.unwrap_or_default();
    if limits.len() > MOST_MODEL_LIMITS {
        return Err(ProviderError::Invalid(format!(
            "Too many model_limits: at most {MOST_MODEL_LIMITS} patterns may be limited"
        )));
    }
    let parsed =
        limits.into_iter().map(|(pattern, limits)| Ok((Pattern::parse(&pattern)?, limits)));
    parsed
        .collect::<Result<_, PatternError>>()
        .map_err(|error| ProviderError::Invalid(format!("Invalid model_limits: {error}")))
}

/// Refuses what can be no model's id; an empty form field is none.
pub(crate) fn check_default_model(model: Option<String>) -> Result<Option<String>, ProviderError> {
    model
        .filter(|model| !model.is_empty())
        .map(|model| check_model("default_model", model))
        .transpose()
}

/// Refuses a list that holds what can be no model's id; an empty form field is no model.
pub(crate) fn check_models(models: Option<Vec<String>>) -> Result<Vec<String>, ProviderError> {
    let named = models.into_iter().flatten().filter(|model| !model.is_empty());
    named.map(|model| check_model("models", model)).collect()
}

/// Refuses what can't be a model's id.
///
/// # Errors
///
/// Returns a sentence that names the member.
pub fn check_model(member: &str, model: String) -> Result<String, ProviderError> {
    if model.chars().count() > MOST_MODEL_CHARACTERS || model.contains(char::is_control) {
        return Err(ProviderError::Invalid(format!(
            "Invalid {member}: a model's id has at most {MOST_MODEL_CHARACTERS} characters, and no \
             control characters"
        )));
    }
    Ok(model)
}
