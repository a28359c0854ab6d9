//! The settings that only some provider types have: a closed set per type.

use canonical::Dialect;
use serde_json::{Map, Value};

use crate::{
    ProviderType,
    keep_alive::KeepAlive,
    presets::{PRESETS, Preset, preset},
};

/// Checked settings of a provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The known vendor that a custom provider is.
    pub preset: Option<&'static Preset>,
    /// The dialects that a custom provider speaks, the preferred one first.
    pub dialects: Option<Vec<Dialect>>,
    /// How long an Ollama server keeps a model loaded after a chat; unset leaves it to the server.
    pub keep_alive: Option<KeepAlive>,
    /// The largest context window that an Ollama server is asked for, in tokens.
    pub num_ctx: Option<u64>,
}

impl Settings {
    /// Checks the members of `settings` for a provider of the given type.
    ///
    /// # Errors
    ///
    /// Returns a sentence that names the member and what is allowed.
    pub fn parse(
        provider_type: ProviderType,
        members: &Map<String, Value>,
    ) -> Result<Self, String> {
        let mut settings = Self::default();
        for (member, value) in members {
            match (provider_type, member.as_str()) {
                (ProviderType::Custom, "preset") => settings.preset = Some(find_preset(value)?),
                (ProviderType::Custom, "dialects") => {
                    settings.dialects = Some(read_dialects(value)?);
                }
                (ProviderType::Custom, _) => {
                    return Err(format!(
                        "Unknown setting '{member}' for a custom provider: there are 'preset' and 'dialects'"
                    ));
                }
                (ProviderType::Ollama, "keep_alive") => {
                    settings.keep_alive = Some(KeepAlive::parse(value)?);
                }
                (ProviderType::Ollama, "num_ctx") => settings.num_ctx = Some(num_ctx(value)?),
                (ProviderType::Ollama, _) => {
                    return Err(format!(
                        "Unknown setting '{member}' for an Ollama provider: use keep_alive or num_ctx"
                    ));
                }
                (_, _) => {
                    return Err(format!(
                        "Unknown setting '{member}': providers of type {provider_type} have no settings"
                    ));
                }
            }
        }
        Ok(settings)
    }

    /// The settings as the API and the store hold them.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let preset = self.preset.map(|preset| ("preset".to_owned(), Value::from(preset.id)));
        let names =
            |dialects: &Vec<Dialect>| dialects.iter().map(|dialect| dialect.as_str()).collect();
        let dialects = self.dialects.as_ref().map(|chosen| ("dialects".to_owned(), names(chosen)));
        let keep_alive = self.keep_alive.as_ref();
        let keep_alive = keep_alive.map(|time| ("keep_alive".to_owned(), time.to_json()));
        let num_ctx = self.num_ctx.map(|tokens| ("num_ctx".to_owned(), Value::from(tokens)));
        preset.into_iter().chain(dialects).chain(keep_alive).chain(num_ctx).collect()
    }
}

/// Reads a list of dialects, which names each once.
fn read_dialects(value: &Value) -> Result<Vec<Dialect>, String> {
    let fault = || {
        let known = Dialect::ALL.map(Dialect::as_str).join(", ");
        format!("settings.dialects must be a list that names some of these once each: {known}")
    };
    let mut dialects = Vec::new();
    for name in value.as_array().ok_or_else(fault)? {
        let dialect = name.as_str().and_then(Dialect::parse).ok_or_else(fault)?;
        if dialects.contains(&dialect) {
            return Err(fault());
        }
        dialects.push(dialect);
    }
    if dialects.is_empty() { Err(fault()) } else { Ok(dialects) }
}

/// Looks a preset up by the id that the caller sent.
fn find_preset(value: &Value) -> Result<&'static Preset, String> {
    let known = || PRESETS.iter().map(|preset| preset.id).collect::<Vec<_>>().join(", ");
    let id =
        value.as_str().ok_or_else(|| format!("settings.preset must be one of: {}", known()))?;
    preset(id).ok_or_else(|| format!("Unknown preset '{id}': use one of {}", known()))
}

/// Reads the size of a context window.
fn num_ctx(value: &Value) -> Result<u64, String> {
    let tokens = value.as_u64().filter(|tokens| (1..=1 << 30).contains(tokens));
    tokens.ok_or_else(|| {
        format!(
            "Invalid settings.num_ctx {value}: use the largest context window that models may have, \
             a whole number of tokens from 1 to {}",
            1 << 30
        )
    })
}
