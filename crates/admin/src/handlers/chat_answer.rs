//! The answer to a chat: its shape, and what its headers tell.

use canonical::Usage;
use pipeline::About;
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::milliseconds;

/// A whole answer.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChatAnswer {
    /// The answer's text.
    pub(super) response: String,
    #[serde(flatten)]
    pub(super) summary: Summary,
}

/// Everything about an answer but its text.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// The model that was asked.
    model: String,
    /// The registered name of the provider that answered.
    provider: String,
    /// All tokens, as far as the provider says.
    tokens: Option<u64>,
    /// How long it took, to the end of the answer.
    latency_ms: u64,
    /// `stop`, `length`, `tool_calls`, `content_filter` or `other`.
    finish_reason: Option<String>,
    /// Tokens in their parts, as far as the provider says.
    usage: TokenUsage,
}

/// Token counts; `null` where the provider does not say.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TokenUsage {
    /// Tokens of the question, cached ones included.
    prompt_tokens: Option<u64>,
    /// Tokens of the answer, thinking included.
    completion_tokens: Option<u64>,
    /// Both together.
    total_tokens: Option<u64>,
}

impl Summary {
    /// Sums up an answer.
    pub(super) fn of(about: &About, finish: Option<&str>, usage: &Usage) -> Self {
        Self {
            model: about.model.clone(),
            provider: about.provider.to_string(),
            tokens: usage.total_tokens(),
            latency_ms: milliseconds(about.opened.elapsed()),
            finish_reason: finish.map(str::to_owned),
            usage: TokenUsage {
                prompt_tokens: usage.prompt_tokens(),
                completion_tokens: usage.output_tokens,
                total_tokens: usage.total_tokens(),
            },
        }
    }
}
