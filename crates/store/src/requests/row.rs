//! One request as the database has it.

use rusqlite::{Row, types::Type};
use serde::{Deserialize, Serialize};

/// One request that came to its end. Unset is what nobody said; no text is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// Its `x-request-id`; unique.
    pub id: String,
    /// When it came, in milliseconds since 1970; before the year 10000.
    pub began_at_ms: i64,
    /// The generation of the configuration that it saw.
    pub generation: u64,
    /// The caller's key: `admin`, or a virtual key's id.
    pub key: String,
    /// The key's project.
    pub project: Option<String>,
    /// `chat`, `embeddings` or `count`.
    pub operation: String,
    /// The caller's dialect, or `management`.
    pub dialect: String,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// The model as the caller named it; may be empty.
    pub asked_model: String,
    /// The route that the name is.
    pub route: Option<String>,
    /// The provider that answered, or was asked last.
    pub provider: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// The status that the caller saw.
    pub status: u16,
    /// `answered`, `refused`, `failed`, `broken_off` or `cancelled`.
    pub outcome: String,
    /// The kind of what went wrong.
    pub error: Option<String>,
    /// Input tokens that were neither read from nor written to a cache.
    pub input_tokens: Option<u64>,
    /// Input tokens read from a cache.
    pub cache_read_tokens: Option<u64>,
    /// Input tokens written to a cache.
    pub cache_write_tokens: Option<u64>,
    /// Output tokens, thinking included.
    pub output_tokens: Option<u64>,
    /// The part of the output that was thinking.
    pub reasoning_tokens: Option<u64>,
    /// Billionths of a US dollar; unset where no price is known.
    pub cost_nano_usd: Option<u64>,
    /// From its coming to its end.
    pub duration_ms: u64,
    /// From its coming to the first byte of the answer.
    pub first_byte_ms: Option<u64>,
    /// How long it waited for its turn at a provider.
    pub queued_ms: u64,
    /// Every try, in order.
    pub attempts: Vec<AttemptRow>,
    /// The W3C trace that it belongs to.
    pub traceparent: Option<String>,
}

/// One try at one provider, as the column `attempts` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// The provider.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// Which of the provider's keys was used, counted from 0.
    pub key: u64,
    /// Why this candidate was chosen.
    pub reason: String,
    /// From the request's coming to the try's beginning.
    pub began_ms: u64,
    /// To the end of the answer, or to the failure.
    pub duration_ms: u64,
    /// How long its first byte took.
    pub first_byte_ms: Option<u64>,
    /// The status that the provider answered with.
    pub status: Option<u16>,
    /// The kind of what went wrong.
    pub error: Option<String>,
    /// Whose fault that was.
    pub blame: Option<String>,
}

impl RequestRow {
    /// Whether it counts as failed in the sums: what was refused or cancelled did not fail.
    pub(crate) fn is_failed(&self) -> bool {
        matches!(self.outcome.as_str(), "failed" | "broken_off")
    }

    /// Whether it may have cost something that nobody can tell: a provider answered, and no price is known. What no
    /// provider answered costs nothing.
    pub(crate) fn is_unpriced(&self) -> bool {
        let counted = [self.input_tokens, self.cache_read_tokens, self.cache_write_tokens]
            .iter()
            .chain([&self.output_tokens, &self.reasoning_tokens])
            .any(Option::is_some);
        let began_to_answer = match self.outcome.as_str() {
            "answered" | "broken_off" => true,
            "cancelled" => self.first_byte_ms.is_some(),
            _ => false,
        };
        self.cost_nano_usd.is_none() && (counted || began_to_answer)
    }

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let count = |column: &str| -> rusqlite::Result<Option<u64>> {
            row.get::<_, Option<i64>>(column).map(|count| count.map(i64::unsigned_abs))
        };
        let needed = |column| count(column).map(Option::unwrap_or_default);
        let attempts = row.as_ref().column_index("attempts")?;
        Ok(Self {
            id: row.get("id")?,
            began_at_ms: row.get("began_at_ms")?,
            generation: needed("generation")?,
            key: row.get("key")?,
            project: row.get("project")?,
            operation: row.get("operation")?,
            dialect: row.get("dialect")?,
            stream: row.get("stream")?,
            asked_model: row.get("asked_model")?,
            route: row.get("route")?,
            provider: row.get("provider")?,
            model: row.get("model")?,
            status: row.get("status")?,
            outcome: row.get("outcome")?,
            error: row.get("error")?,
            input_tokens: count("input_tokens")?,
            cache_read_tokens: count("cache_read_tokens")?,
            cache_write_tokens: count("cache_write_tokens")?,
            output_tokens: count("output_tokens")?,
            reasoning_tokens: count("reasoning_tokens")?,
            cost_nano_usd: count("cost_nano_usd")?,
            duration_ms: needed("duration_ms")?,
            first_byte_ms: count("first_byte_ms")?,
            queued_ms: needed("queued_ms")?,
            attempts: serde_json::from_str(row.get_ref(attempts)?.as_str()?).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(attempts, Type::Text, Box::new(error))
            })?,
            traceparent: row.get("traceparent")?,
        })
    }
}

/// A count as SQLite can hold it. No real one is beyond.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
