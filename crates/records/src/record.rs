//! What became of one request.

use std::time::{Duration, SystemTime};

use canonical::Usage;

/// What became of one request. Never anything that was said.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestRecord {
    /// Its `x-request-id`.
    pub id: String,
    /// When it came.
    pub began_at: SystemTime,
    /// The generation of the configuration that it saw.
    pub generation: u64,
    /// The caller's key: `admin`, or a virtual key's id.
    pub key: String,
    /// The key's project.
    pub project: Option<String>,
    /// What was asked for.
    pub operation: Operation,
    /// The caller's dialect, or `management` for the management API's own chat.
    pub dialect: &'static str,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// The model as the caller named it.
    pub asked_model: String,
    /// The route that the name is, if it is one.
    pub route: Option<String>,
    /// The provider that answered, or was asked last.
    pub provider: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// The status that the caller saw.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// The kind of what went wrong, if anything did.
    pub error: Option<&'static str>,
    /// What the provider said that it consumed.
    pub usage: Usage,
    /// What that costs by the catalogue, in billionths of a US dollar; unset where no price is known.
    pub cost_nano_usd: Option<u64>,
    /// From its coming to its end.
    pub duration: Duration,
    /// From its coming to the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// How long it waited for its turn at a provider.
    pub queued: Duration,
    /// Every try, in order.
    pub attempts: Vec<AttemptRecord>,
    /// The W3C trace that it belongs to, as `traceparent` has it.
    pub traceparent: Option<String>,
}

/// One try at one provider.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRecord {
    /// The provider.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// Which of the provider's keys was used, counted from 0.
    pub key: usize,
    /// Why this candidate was chosen, in a few words.
    pub reason: String,
    /// From the request's coming to the try's beginning.
    pub began: Duration,
    /// How long it took: to the end of the answer, or to the failure.
    pub duration: Duration,
    /// How long its first byte took.
    pub first_byte: Option<Duration>,
    /// The status that the provider answered with, if it answered.
    pub status: Option<u16>,
    /// The kind of what went wrong, if anything did.
    pub error: Option<&'static str>,
    /// Whose fault that was.
    pub blame: Option<&'static str>,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A chat.
    Chat,
    /// Embeddings.
    Embeddings,
    /// A count of tokens.
    Count,
}

/// How a request ended. Each has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With the provider's whole answer.
    Answered,
    /// Before any provider was asked: the request was wrong, not allowed, or over a limit.
    Refused,
    /// With an error before the first byte.
    Failed,
    /// With an error after the first byte.
    BrokenOff,
    /// By the caller, who went away.
    Cancelled,
}

impl Operation {
    /// The name in records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embeddings => "embeddings",
            Self::Count => "count",
        }
    }
}

impl Outcome {
    /// The name in records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::BrokenOff => "broken_off",
            Self::Cancelled => "cancelled",
        }
    }
}
