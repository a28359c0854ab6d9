//! What became of a request, as callers see it.

use std::time::{Duration, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::Serialize;
use store::{AttemptRow, RequestRow};

/// What became of a request. What nobody said is `null`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RequestView {
    /// Its `x-request-id`.
    id: String,
    /// When it came, RFC 3339.
    began_at: String,
    /// The caller's key: `admin`, or a virtual key's id.
    key: String,
    /// The key's project.
    project: Option<String>,
    /// `chat`, `embeddings` or `count`.
    operation: String,
    /// The caller's dialect, or `management` for this API's own chat.
    dialect: String,
    /// Whether the answer was streamed.
    stream: bool,
    /// The model as the caller named it.
    asked_model: String,
    /// The route that the name is.
    route: Option<String>,
    /// The provider that answered, or was asked last.
    provider: Option<String>,
    /// Its model.
    model: Option<String>,
    /// The status that the caller saw.
    status: u16,
    /// `answered`, `refused`, `failed`, `broken_off` or `cancelled`.
    outcome: String,
    /// The kind of what went wrong.
    error: Option<String>,
    /// Input tokens that were neither read from nor written to a cache.
    input_tokens: Option<u64>,
    /// Input tokens read from a cache.
    cache_read_tokens: Option<u64>,
    /// Input tokens written to a cache.
    cache_write_tokens: Option<u64>,
    /// Output tokens, thinking included.
    output_tokens: Option<u64>,
    /// The part of the output that was thinking.
    reasoning_tokens: Option<u64>,
    /// Billionths of a US dollar; `null` where no price is known.
    cost_nano_usd: Option<u64>,
    /// From its coming to its end.
    duration_ms: u64,
    /// From its coming to the first byte of the answer.
    first_byte_ms: Option<u64>,
    /// How long it waited for its turn at a provider.
    queued_ms: u64,
    /// How often providers were tried.
    attempt_count: usize,
    /// The generation of the configuration that it saw.
    generation: u64,
    /// The W3C trace that it belongs to.
    traceparent: Option<String>,
}

/// What became of a request, with every try.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RequestDetails {
    #[serde(flatten)]
    request: RequestView,
    /// Every try, in order.
    attempts: Vec<AttemptView>,
}

/// One try at one provider.
#[derive(Serialize, JsonSchema)]
struct AttemptView {
    /// The provider.
    provider: String,
    /// Its model.
    model: String,
    /// Which of the provider's keys was used, counted from 0.
    key: u64,
    /// Why this candidate was chosen.
    reason: String,
    /// From the request's coming to the try's beginning.
    began_ms: u64,
    /// How long it took: to the end of the answer, or to the failure.
    duration_ms: u64,
    /// How long its first byte took.
    first_byte_ms: Option<u64>,
    /// The status that the provider answered with.
    status: Option<u16>,
    /// The kind of what went wrong.
    error: Option<String>,
    /// Whose fault that was.
    blame: Option<String>,
}

impl From<RequestRow> for RequestView {
    fn from(row: RequestRow) -> Self {
        let began_at = UNIX_EPOCH + Duration::from_millis(row.began_at_ms.unsigned_abs());
        Self {
            id: row.id,
            began_at: humantime::format_rfc3339_millis(began_at).to_string(),
            key: row.key,
            project: row.project,
            operation: row.operation,
            dialect: row.dialect,
            stream: row.stream,
            asked_model: row.asked_model,
            route: row.route,
            provider: row.provider,
            model: row.model,
            status: row.status,
            outcome: row.outcome,
            error: row.error,
            input_tokens: row.input_tokens,
            cache_read_tokens: row.cache_read_tokens,
            cache_write_tokens: row.cache_write_tokens,
            output_tokens: row.output_tokens,
            reasoning_tokens: row.reasoning_tokens,
            cost_nano_usd: row.cost_nano_usd,
            duration_ms: row.duration_ms,
            first_byte_ms: row.first_byte_ms,
            queued_ms: row.queued_ms,
            attempt_count: row.attempts.len(),
            generation: row.generation,
            traceparent: row.traceparent,
        }
    }
}

impl From<RequestRow> for RequestDetails {
    fn from(mut row: RequestRow) -> Self {
        let attempts = std::mem::take(&mut row.attempts);
        let attempt_count = attempts.len();
        Self {
            request: RequestView { attempt_count, ..row.into() },
            attempts: attempts.into_iter().map(AttemptView::from).collect(),
        }
    }
}

impl From<AttemptRow> for AttemptView {
    fn from(row: AttemptRow) -> Self {
        Self {
            provider: row.provider,
            model: row.model,
            key: row.key,
            reason: row.reason,
            began_ms: row.began_ms,
            duration_ms: row.duration_ms,
            first_byte_ms: row.first_byte_ms,
            status: row.status,
            error: row.error,
            blame: row.blame,
        }
    }
}
