//! The answer to a chat: its shape, and what its headers tell.

use canonical::Usage;
use http::{HeaderName, HeaderValue};
use pipeline::About;
use schemars::JsonSchema;
use serde::Serialize;
use server::Response;

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

/// What is told about an answer in its headers.
pub(super) struct AnswerHeaders(Vec<(HeaderName, String)>);

impl AnswerHeaders {
    pub(super) fn of(about: &About) -> Self {
        let milliseconds = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
        let own = about.opened.elapsed().saturating_sub(about.upstream);
        let timing = format!(
            "gateway;dur={:.3}, upstream;dur={:.3}",
            milliseconds(own),
            milliseconds(about.upstream)
        );
        let mut headers = vec![
            (HeaderName::from_static("x-closedpaw-provider"), about.provider.to_string()),
            (HeaderName::from_static("x-closedpaw-model"), about.model.clone()),
            (HeaderName::from_static("x-closedpaw-attempts"), about.attempts.to_string()),
            (HeaderName::from_static("server-timing"), timing),
        ];
        if !about.losses.is_empty() {
            let dropped = HeaderName::from_static("x-closedpaw-dropped");
            headers.push((dropped, about.losses.to_string()));
        }
        Self(headers)
    }

    /// Adds the headers to an answer; a value that fits no header is left out.
    pub(super) fn on(self, mut answer: Response) -> Response {
        for (name, text) in self.0 {
            if let Ok(value) = HeaderValue::try_from(text) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}
