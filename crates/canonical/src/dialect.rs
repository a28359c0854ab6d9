//! The wire languages that clients and providers speak.

use std::fmt;

/// A wire language: one set of paths and JSON shapes, spoken by one or many vendors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI chat completions, also spoken by every OpenAI-compatible server.
    OpenAiChat,
    /// OpenAI Responses, without its stored state.
    OpenAiResponses,
    /// Anthropic messages.
    Anthropic,
    /// Gemini `generateContent`.
    Gemini,
    /// Mistral chat completions: near OpenAI's, but strict about unknown fields and with chunked content.
    Mistral,
    /// Ollama's native `/api/chat`.
    Ollama,
}

impl Dialect {
    /// Every dialect, in the order documents list them.
    pub const ALL: [Self; 6] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::Anthropic,
        Self::Gemini,
        Self::Mistral,
        Self::Ollama,
    ];

    /// Finds the dialect that `name` names.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == name)
    }

    /// The name used in logs, headers and settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai_chat",
            Self::OpenAiResponses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Mistral => "mistral",
            Self::Ollama => "ollama",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
