//! The settings that only some provider types have: a closed set per type.

use serde_json::{Map, Value};

use crate::{
    ProviderType,
    presets::{PRESETS, Preset, preset},
};

/// Checked settings of a provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The known vendor that a custom provider is.
    pub preset: Option<&'static Preset>,
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
                (ProviderType::Custom, _) => {
                    return Err(format!(
                        "Unknown setting '{member}' for a custom provider: the only one is 'preset'"
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
        preset.into_iter().collect()
    }
}

/// Looks a preset up by the id that the caller sent.
fn find_preset(value: &Value) -> Result<&'static Preset, String> {
    let known = || PRESETS.iter().map(|preset| preset.id).collect::<Vec<_>>().join(", ");
    let id =
        value.as_str().ok_or_else(|| format!("settings.preset must be one of: {}", known()))?;
    preset(id).ok_or_else(|| format!("Unknown preset '{id}': use one of {}", known()))
}
