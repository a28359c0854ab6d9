//! The checked configuration of one provider.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use canonical::Dialect;
use dialects::Quirks;
use grants::Pattern;
use limits::Limits;
use upstream::{BaseUrl, Network};
use vault::Secret;

use crate::{
    KeepAlive, ProviderName, ProviderType, Queue, Settings, Timeouts, extra_headers::ExtraHeaders,
    presets::ModelsEndpoint, timeouts::duration,
};

/// How long a request may take when its provider sets no timeout: what the vendors' own SDKs wait.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// The checked configuration of one provider. Its secrets have no textual form.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The name that it is called by.
    pub name: ProviderName,
    /// Its kind.
    pub provider_type: ProviderType,
    /// Where it is, version segment included.
    pub base_url: BaseUrl,
    /// What it is sent as proof of who asks.
    pub api_key: Option<Secret>,
    /// Further keys, for when the first one may not be used.
    pub api_keys: Vec<Secret>,
    /// The model that is used when a chat names none.
    pub default_model: Option<String>,
    /// The only models to list; empty is all.
    pub models: Vec<String>,
    /// Whether it takes part at all.
    pub enabled: bool,
    /// Chats that may start in any 60 seconds; unset is no limit.
    pub rate_limit: Option<u32>,
    /// How long a request may take in all, in seconds; unset is the default.
    pub timeout_s: Option<f64>,
    /// Limits of single phases.
    pub timeouts: Timeouts,
    /// How much may be used of it.
    pub limits: Limits,
    /// How much may be used of its models: of all that a pattern means, together.
    pub model_limits: BTreeMap<Pattern, Limits>,
    /// Who may wait before it.
    pub queue: Queue,
    /// Where its addresses may lie.
    pub network: Network,
    /// Settings that only its type has.
    pub settings: Settings,
    /// Headers sent with every request, by lower-case name.
    pub headers: ExtraHeaders,
    /// When it was registered.
    pub created_at: SystemTime,
    /// Where in the config file it stands, as `FILE:LINE`; it can only be changed there.
    pub declared_at: Option<String>,
}

impl ProviderConfig {
    /// How long a request may take in all.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        duration(self.timeout_s).unwrap_or(DEFAULT_TIMEOUT)
    }

    /// All of its keys, in the order of their numbers.
    pub fn keys(&self) -> impl Iterator<Item = &Secret> {
        self.api_key.iter().chain(&self.api_keys)
    }

    /// Whether it has any key.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.keys().next().is_some()
    }

    /// The dialects that it speaks; the first is the one it is translated to.
    #[must_use]
    pub fn dialects(&self) -> &[Dialect] {
        match (&self.settings.dialects, self.settings.preset) {
            (Some(chosen), _) => chosen,
            (None, Some(preset)) => preset.dialects,
            (None, None) => self.provider_type.dialects(),
        }
    }

    /// The dialect that it is translated to.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialects().first().copied().unwrap_or(Dialect::OpenAiChat)
    }

    /// How it differs from others of its dialect.
    #[must_use]
    pub fn quirks(&self) -> Quirks {
        let quirks = match (self.settings.preset, self.provider_type) {
            (Some(preset), _) => preset.quirks,
            (None, ProviderType::OpenAi) => Quirks::OPENAI,
            (None, _) => Quirks::COMPATIBLE,
        };
        Quirks {
            largest_context_tokens: self.settings.num_ctx,
            keep_alive_s: self.settings.keep_alive.as_ref().map(KeepAlive::seconds),
            ..quirks
        }
    }

    /// Whether it can be asked for its models.
    pub(crate) fn lists_models(&self) -> bool {
        self.settings.preset.is_none_or(|preset| preset.models == ModelsEndpoint::Listed)
    }

    /// Whether a key is missing without which it answers nothing.
    #[must_use]
    pub fn lacks_api_key(&self) -> bool {
        let needs_key = self
            .settings
            .preset
            .map_or(self.provider_type.needs_api_key(), |preset| preset.needs_key);
        needs_key && !self.has_key()
    }

    /// Whether it runs on this machine or its network, as far as its address says.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.network == Network::Local
    }

    /// The name of its vendor that people read.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.settings.preset.map_or(self.provider_type.title(), |preset| preset.title)
    }

    /// Whether the two are reached in the same way, so that connections and lists may be shared.
    pub(crate) fn is_reached_like<'a>(&'a self, other: &'a Self) -> bool {
        let keys = |config: &'a Self| config.keys().map(Secret::expose);
        let headers = |config: &'a Self| {
            config.headers.iter().map(|(name, value)| (name.as_str(), value.expose()))
        };
        keys(self).eq(keys(other))
            && headers(self).eq(headers(other))
            && self.base_url == other.base_url
            && self.network == other.network
            && self.settings == other.settings
    }
}
