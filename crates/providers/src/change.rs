//! What a caller sends to change a provider, and the rules that a change is held to.

use std::collections::BTreeMap;

use limits::Limits;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use upstream::{Egress, Network};

use crate::{
    ProviderConfig, ProviderError, Queue, Settings, Timeouts,
    admission::Renewed,
    endpoint, extra_headers,
    registration::{
        NetworkName, check_api_key, check_api_keys, check_default_model, check_distinct,
        check_model_limits, check_models,
    },
};

/// A change of a provider: only what is named changes, and `null` takes a member back to its default.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Change {
    /// A new key; `null` forgets the old one.
    #[serde(deserialize_with = "named")]
    pub api_key: Option<Option<String>>,
    /// New further keys, replacing the old ones.
    #[serde(deserialize_with = "named")]
    pub api_keys: Option<Option<Vec<String>>>,
    /// A new address. On another origin the keys and the headers must be given again.
    #[serde(deserialize_with = "named")]
    pub base_url: Option<Option<String>>,
    /// The model that is used when a chat names none.
    #[serde(deserialize_with = "named")]
    pub default_model: Option<Option<String>>,
    /// The only models to list.
    #[serde(deserialize_with = "named")]
    pub models: Option<Option<Vec<String>>>,
    /// Whether the provider takes part in models, health and chat.
    #[serde(deserialize_with = "named")]
    pub enabled: Option<Option<bool>>,
    /// Chats that may start in any 60 seconds. Setting it begins with an empty window.
    #[serde(deserialize_with = "named")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub rate_limit: Option<Option<u32>>,
    /// How long a request may take in all, in seconds.
    #[serde(deserialize_with = "named")]
    #[schemars(range(min = 0.001, max = 86_400.0))]
    pub timeout: Option<Option<f64>>,
    /// How long single phases of a request may take, replacing what was set.
    #[serde(deserialize_with = "named")]
    pub timeouts: Option<Option<Timeouts>>,
    /// How much may be used of the provider, replacing what was set; what changes begins with nothing used.
    #[serde(deserialize_with = "named")]
    pub limits: Option<Option<Limits>>,
    /// How much may be used of its models, by patterns of their names, replacing what was set.
    #[serde(deserialize_with = "named")]
    pub model_limits: Option<Option<BTreeMap<String, Limits>>>,
    /// Who may wait where `limits.concurrency` is reached, replacing what was set.
    #[serde(deserialize_with = "named")]
    pub queue: Option<Option<Queue>>,
    /// Where the provider may live.
    #[serde(deserialize_with = "named")]
    pub network: Option<Option<NetworkName>>,
    /// Settings of the type, replacing the old ones.
    #[serde(deserialize_with = "named")]
    pub settings: Option<Option<Map<String, Value>>>,
    /// Headers to send with every request, replacing the old ones.
    #[serde(deserialize_with = "named")]
    pub headers: Option<Option<BTreeMap<String, String>>>,
    /// The name that it has; another one is refused.
    pub name: Option<String>,
    /// The type that it has; another one is refused.
    pub provider_type: Option<String>,
}

/// Tells a member that is there, even as `null`, from one that is not.
fn named<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl Change {
    /// Refuses another name or type, which would make it another provider.
    fn keeps_identity(&self, old: &ProviderConfig) -> Result<(), ProviderError> {
        let differs =
            |new: &Option<String>, old: &str| new.as_deref().is_some_and(|new| new != old);
        let other = if differs(&self.name, old.name.as_str()) {
            "name"
        } else if differs(&self.provider_type, old.provider_type.as_str()) {
            "type"
        } else {
            return Ok(());
        };
        Err(ProviderError::Invalid(format!(
            "A provider's {other} can't be changed: register another provider and remove this one"
        )))
    }

    /// Applies the change to `old` and holds the outcome to every rule.
    pub(crate) fn apply(
        self,
        old: &ProviderConfig,
        egress: &Egress,
    ) -> Result<ProviderConfig, ProviderError> {
        self.keeps_identity(old)?;
        let mut new = old.clone();
        if let Some(settings) = &self.settings {
            let members = settings.clone().unwrap_or_default();
            new.settings =
                Settings::parse(old.provider_type, &members).map_err(ProviderError::Invalid)?;
        }
        self.move_to(&mut new, egress)?;
        if new.base_url.origin() != old.base_url.origin() {
            self.refuse_to_take_secrets_along(old)?;
        }
        if let Some(api_key) = self.api_key {
            new.api_key = check_api_key(api_key)?;
        }
        if let Some(api_keys) = self.api_keys {
            new.api_keys = check_api_keys(api_keys)?;
        }
        check_distinct(new.api_key.as_ref(), &new.api_keys)?;
        if let Some(headers) = self.headers {
            new.headers = extra_headers::parse(headers.unwrap_or_default())
                .map_err(ProviderError::Invalid)?;
        }
        if let Some(model) = self.default_model {
            new.default_model = check_default_model(model)?;
        }
        if let Some(models) = self.models {
            new.models = check_models(models)?;
        }
        new.enabled = self.enabled.map_or(new.enabled, |enabled| enabled.unwrap_or(true));
        new.rate_limit = self.rate_limit.unwrap_or(new.rate_limit);
        new.timeout_s = self.timeout.unwrap_or(new.timeout_s);
        new.timeouts = self.timeouts.map_or(new.timeouts, Option::unwrap_or_default);
        new.limits = self.limits.map_or(new.limits, Option::unwrap_or_default);
        new.queue = self.queue.map_or(new.queue, Option::unwrap_or_default);
        if let Some(limits) = self.model_limits {
            new.model_limits = check_model_limits(limits)?;
        }
        Ok(new)
    }

    /// What begins anew, even where the same is set once more.
    pub(crate) fn renews(&self) -> Renewed {
        Renewed {
            rate: self.rate_limit.is_some(),
            keys: self.api_key.is_some() || self.api_keys.is_some(),
        }
    }

    /// Holds secrets to the origin that they were entered for: another one needs them again.
    fn refuse_to_take_secrets_along(&self, old: &ProviderConfig) -> Result<(), ProviderError> {
        let kept: Vec<_> = [
            ("api_key", old.api_key.is_some() && self.api_key.is_none()),
            ("api_keys", !old.api_keys.is_empty() && self.api_keys.is_none()),
            ("headers", !old.headers.is_empty() && self.headers.is_none()),
        ]
        .into_iter()
        .filter_map(|(member, is_kept)| is_kept.then_some(member))
        .collect();
        let kept = match kept.as_slice() {
            [] => return Ok(()),
            [only] => (*only).to_owned(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        };
        Err(ProviderError::Invalid(format!(
            "The new base_url has another origin: send {kept} again with it, entered for the old one"
        )))
    }

    /// Brings address and network class up to date: a change of either is checked against the other.
    fn move_to(&self, new: &mut ProviderConfig, egress: &Egress) -> Result<(), ProviderError> {
        if self.base_url.is_none() && self.network.is_none() {
            return Ok(());
        }
        if let Some(network) = self.network {
            let default = endpoint::default_network(new.provider_type, &new.settings);
            new.network = network.map_or(default, Network::from);
        }
        let base_url = match &self.base_url {
            Some(given) => given.as_deref(),
            None => Some(new.base_url.as_str()),
        };
        new.base_url =
            endpoint::resolve(new.provider_type, &new.settings, base_url, new.network, egress)?;
        Ok(())
    }
}
