//! The six kinds of provider, and what each is by default.

use std::fmt;

use canonical::Dialect;
use catalog::Vendor;
use upstream::Network;

/// A kind of provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProviderType {
    /// Ollama, on this machine or elsewhere.
    Ollama,
    /// OpenAI.
    OpenAi,
    /// Anthropic.
    Anthropic,
    /// Google's Gemini API.
    Google,
    /// Mistral.
    Mistral,
    /// Any other server: OpenAI-compatible unless its preset or its settings say otherwise.
    Custom,
}

impl ProviderType {
    /// Every type, in the order documents list them.
    pub const ALL: [Self; 6] =
        [Self::Ollama, Self::OpenAi, Self::Anthropic, Self::Google, Self::Mistral, Self::Custom];

    /// Finds the type that `name` names.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider_type| provider_type.as_str() == name)
    }

    /// The name used in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ollama => "ollama",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Google => "google",
            Self::Mistral => "mistral",
            Self::Custom => "custom",
        }
    }

    /// The name that people read.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ollama => "Ollama",
            Self::OpenAi => "OpenAI",
            Self::Anthropic => "Anthropic",
            Self::Google => "Google",
            Self::Mistral => "Mistral",
            Self::Custom => "Custom",
        }
    }

    /// Under whose ids its models are catalogued; nobody knows that of a custom provider.
    pub(crate) const fn vendor(self) -> Option<Vendor> {
        match self {
            Self::Ollama => Some(Vendor::Ollama),
            Self::OpenAi => Some(Vendor::OpenAi),
            Self::Anthropic => Some(Vendor::Anthropic),
            Self::Google => Some(Vendor::Google),
            Self::Mistral => Some(Vendor::Mistral),
            Self::Custom => None,
        }
    }

    /// The dialects that providers of this type speak, unless settings say otherwise; the first is the one they are
    /// translated to.
    #[must_use]
    pub const fn dialects(self) -> &'static [Dialect] {
        match self {
            Self::Ollama => &[Dialect::Ollama],
            Self::OpenAi => &[Dialect::OpenAiChat, Dialect::OpenAiResponses],
            Self::Custom => &[Dialect::OpenAiChat],
            Self::Anthropic => &[Dialect::Anthropic],
            Self::Google => &[Dialect::Gemini],
            Self::Mistral => &[Dialect::Mistral],
        }
    }

    /// Where the vendor serves it, version segment included; a custom provider has no such place.
    #[must_use]
    pub const fn default_base_url(self) -> Option<&'static str> {
        match self {
            Self::Ollama => Some("http://127.0.0.1:11434"),
            Self::OpenAi => Some("https://api.openai.com/v1"),
            Self::Anthropic => Some("https://api.anthropic.com/v1"),
            Self::Google => Some("https://generativelanguage.googleapis.com/v1beta"),
            Self::Mistral => Some("https://api.mistral.ai/v1"),
            Self::Custom => None,
        }
    }

    /// The path that an empty one means.
    pub(crate) const fn version_segment(self) -> &'static str {
        match self {
            Self::Ollama | Self::Custom => "",
            Self::OpenAi | Self::Anthropic | Self::Mistral => "/v1",
            Self::Google => "/v1beta",
        }
    }

    /// Where providers of this type live unless it is said.
    #[must_use]
    pub const fn default_network(self) -> Network {
        match self {
            Self::Ollama => Network::Local,
            Self::OpenAi | Self::Anthropic | Self::Google | Self::Mistral | Self::Custom => {
                Network::Public
            }
        }
    }

    /// The environment variables in which programs look for a key of the vendor's, the usual one first.
    #[must_use]
    pub const fn key_variables(self) -> &'static [&'static str] {
        match self {
            Self::OpenAi => &["OPENAI_API_KEY"],
            Self::Anthropic => &["ANTHROPIC_API_KEY"],
            Self::Google => &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            Self::Mistral => &["MISTRAL_API_KEY"],
            Self::Ollama | Self::Custom => &[],
        }
    }

    /// The environment variable that says where the key is good, if it is not at the vendor's own address.
    #[must_use]
    pub const fn base_url_variable(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("OPENAI_BASE_URL"),
            Self::Anthropic => Some("ANTHROPIC_BASE_URL"),
            Self::Google => Some("GOOGLE_GEMINI_BASE_URL"),
            Self::Ollama | Self::Mistral | Self::Custom => None,
        }
    }

    /// Whether the type is a cloud that answers nothing without a key.
    #[must_use]
    pub const fn needs_api_key(self) -> bool {
        match self {
            Self::Ollama | Self::Custom => false,
            Self::OpenAi | Self::Anthropic | Self::Google | Self::Mistral => true,
        }
    }
}

impl fmt::Display for ProviderType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::ProviderType;

    #[test]
    fn names_are_parsed_back_exactly() {
        for provider_type in ProviderType::ALL {
            assert_eq!(ProviderType::parse(provider_type.as_str()), Some(provider_type));
        }
        for wrong in ["", "OpenAI", " openai", "openai ", "azure"] {
            assert_eq!(ProviderType::parse(wrong), None, "{wrong:?}");
        }
    }
}
