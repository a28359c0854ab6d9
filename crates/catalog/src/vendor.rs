//! The vendors whose models are catalogued.

/// Who makes or hosts a model under the id that it is catalogued by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vendor {
    /// Anthropic.
    Anthropic,
    /// Google's Gemini API.
    Google,
    /// Mistral.
    Mistral,
    /// Ollama's library and cloud.
    Ollama,
    /// OpenAI.
    OpenAi,
}

impl Vendor {
    /// Every vendor. Where nobody says whose model is meant, the makers come before Ollama, who hosts
    /// others' models.
    pub const ALL: [Self; 5] =
        [Self::OpenAi, Self::Anthropic, Self::Google, Self::Mistral, Self::Ollama];

    /// Finds the vendor that `name` names.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.as_str() == name)
    }

    /// The name in files of facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Google => "google",
            Self::Mistral => "mistral",
            Self::Ollama => "ollama",
            Self::OpenAi => "openai",
        }
    }
}
