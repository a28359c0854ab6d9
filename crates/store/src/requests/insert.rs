//! Batches of requests, with their sums in the same transaction; and taking old ones away again.

use std::collections::BTreeMap;

use rusqlite::{Transaction, named_params, params_from_iter, types::Value};

use super::{RequestRow, Sums, row::stored};
use crate::{Store, StoreError};

const MS_PER_DAY: i64 = 86_400_000;

/// The rows of sums that one key may have for one day. Callers choose the names of models, and sums are kept for good:
/// what is beyond goes into one row.
const MOST_SUMS_A_DAY: i64 = 1000;

/// The model in whose name the sums stand that found no row of their own.
const OTHER_MODELS: &str = "(other)";

/// What is kept of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Every request, and the sums.
    Requests,
    /// The sums alone.
    Sums,
}

/// The row of `usage_daily` that a request counts in. `''` is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    /// Days since 1970.
    day: i64,
    key: &'a str,
    project: &'a str,
    route: &'a str,
    provider: &'a str,
    model: &'a str,
}

impl Store {
    /// Adds requests and counts them, all or none. One that is there already is neither added nor counted again, so
    /// that a batch whose fate is unknown can be tried again.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be written; at once where another process holds it.
    pub fn insert_requests(&self, rows: &[RequestRow], kept: Kept) -> Result<(), StoreError> {
        self.write_records(|transaction| {
            let mut sums: BTreeMap<Place<'_>, Sums> = BTreeMap::new();
            for row in rows {
                let is_new = match kept {
                    Kept::Requests => insert(transaction, row)? > 0,
                    Kept::Sums => true,
                };
                if is_new {
                    sums.entry(Place::of(row)).or_default().add(&Sums::of(row));
                }
            }
            for (place, sums) in sums {
                count(transaction, place, &sums)?;
            }
            Ok(())
        })
    }

    /// Takes away at most `most` requests that came before `before_ms`, the oldest first, and gives their number. Sums
    /// stay.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be written; at once where another process holds it.
    pub fn purge_requests(&self, before_ms: i64, most: u32) -> Result<usize, StoreError> {
        self.write_records(|transaction| {
            Ok(transaction.execute(
                "DELETE FROM requests WHERE seq IN (
                     SELECT seq FROM requests WHERE began_at_ms < ?1 ORDER BY began_at_ms LIMIT ?2
                 )",
                (before_ms, most),
            )?)
        })
    }
}

impl<'a> Place<'a> {
    fn of(row: &'a RequestRow) -> Self {
        Self {
            day: row.began_at_ms.div_euclid(MS_PER_DAY),
            key: &row.key,
            project: row.project.as_deref().unwrap_or_default(),
            route: row.route.as_deref().unwrap_or_default(),
            provider: row.provider.as_deref().unwrap_or_default(),
            model: row.model.as_deref().unwrap_or_default(),
        }
    }

    /// This place, or the one for all other models when it would be one too many.
    fn within_bounds(self, transaction: &Transaction<'_>) -> rusqlite::Result<Self> {
        let mut known = transaction.prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM usage_daily WHERE day = date(?1 * 86400, 'unixepoch') AND key = ?2
                 AND project = ?3 AND route = ?4 AND provider = ?5 AND model = ?6
             )",
        )?;
        let Self { day, key, project, route, provider, model } = self;
        if known.query_row((day, key, project, route, provider, model), |row| row.get(0))? {
            return Ok(self);
        }
        let mut count = transaction.prepare_cached(
            "SELECT count(*) FROM usage_daily WHERE day = date(?1 * 86400, 'unixepoch') AND key = ?2",
        )?;
        let rows: i64 = count.query_row((day, key), |row| row.get(0))?;
        Ok(if rows < MOST_SUMS_A_DAY { self } else { Self { model: OTHER_MODELS, ..self } })
    }
}

/// Adds to the sums of a place. They stop at the largest number there is, where SQLite would turn to fractions.
fn count(transaction: &Transaction<'_>, place: Place<'_>, sums: &Sums) -> rusqlite::Result<usize> {
    let Place { day, key, project, route, provider, model } = place.within_bounds(transaction)?;
    let text = |text: &str| Value::Text(text.to_owned());
    let names = [key, project, route, provider, model].map(text);
    let counts = sums.values().map(|count| Value::Integer(stored(count)));
    let values = [Value::Integer(day)].into_iter().chain(names).chain(counts);
    transaction
        .prepare_cached(
            "INSERT INTO usage_daily (
                 day, key, project, route, provider, model, requests, failed, input_tokens, cache_read_tokens,
                 cache_write_tokens, output_tokens, reasoning_tokens, cost_nano_usd, unpriced_requests
             ) VALUES (date(?1 * 86400, 'unixepoch'), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT DO UPDATE SET
                 requests = min(9223372036854775807, requests + excluded.requests),
                 failed = min(9223372036854775807, failed + excluded.failed),
                 input_tokens = min(9223372036854775807, input_tokens + excluded.input_tokens),
                 cache_read_tokens = min(9223372036854775807, cache_read_tokens + excluded.cache_read_tokens),
                 cache_write_tokens = min(9223372036854775807, cache_write_tokens + excluded.cache_write_tokens),
                 output_tokens = min(9223372036854775807, output_tokens + excluded.output_tokens),
                 reasoning_tokens = min(9223372036854775807, reasoning_tokens + excluded.reasoning_tokens),
                 cost_nano_usd = min(9223372036854775807, cost_nano_usd + excluded.cost_nano_usd),
                 unpriced_requests = min(9223372036854775807, unpriced_requests + excluded.unpriced_requests)",
        )?
        .execute(params_from_iter(values))
}

/// Adds a request, and gives 0 where there is one of that id.
fn insert(transaction: &Transaction<'_>, row: &RequestRow) -> rusqlite::Result<usize> {
    let attempts = serde_json::to_string(&row.attempts)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached(
            "INSERT INTO requests (
                 id, began_at_ms, generation, key, project, operation, dialect, stream, asked_model, route, provider,
                 model, status, outcome, error, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
                 reasoning_tokens, cost_nano_usd, duration_ms, first_byte_ms, queued_ms, attempts, traceparent
             ) VALUES (
                 :id, :began_at_ms, :generation, :key, :project, :operation, :dialect, :stream, :asked_model, :route,
                 :provider, :model, :status, :outcome, :error, :input_tokens, :cache_read_tokens, :cache_write_tokens,
                 :output_tokens, :reasoning_tokens, :cost_nano_usd, :duration_ms, :first_byte_ms, :queued_ms, :attempts,
                 :traceparent
             ) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(named_params! {
            ":id": row.id,
            ":began_at_ms": row.began_at_ms,
            ":generation": stored(row.generation),
            ":key": row.key,
            ":project": row.project,
            ":operation": row.operation,
            ":dialect": row.dialect,
            ":stream": row.stream,
            ":asked_model": row.asked_model,
            ":route": row.route,
            ":provider": row.provider,
            ":model": row.model,
            ":status": row.status,
            ":outcome": row.outcome,
            ":error": row.error,
            ":input_tokens": row.input_tokens.map(stored),
            ":cache_read_tokens": row.cache_read_tokens.map(stored),
            ":cache_write_tokens": row.cache_write_tokens.map(stored),
            ":output_tokens": row.output_tokens.map(stored),
            ":reasoning_tokens": row.reasoning_tokens.map(stored),
            ":cost_nano_usd": row.cost_nano_usd.map(stored),
            ":duration_ms": stored(row.duration_ms),
            ":first_byte_ms": row.first_byte_ms.map(stored),
            ":queued_ms": stored(row.queued_ms),
            ":attempts": attempts,
            ":traceparent": row.traceparent,
        })
}
