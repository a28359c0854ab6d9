//! A record as the store keeps it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use store::{AttemptRow, RequestRow};

use crate::{AttemptRecord, RequestRecord};

/// The longest name that is kept: as long as the longest that a grant can mean. Callers choose names of models.
const LONGEST_NAME_CHARACTERS: usize = 321;

/// The last millisecond of the year 9999.
const LAST_MS: i64 = 253_402_300_799_999;

/// Puts a record into a row.
pub(crate) fn of(record: &RequestRecord) -> RequestRow {
    let usage = &record.usage;
    RequestRow {
        id: record.id.clone(),
        began_at_ms: since_1970_ms(record.began_at),
        generation: record.generation,
        key: record.key.clone(),
        project: record.project.as_deref().and_then(name),
        operation: record.operation.as_str().to_owned(),
        dialect: record.dialect.to_owned(),
        stream: record.stream,
        asked_model: cut(&record.asked_model),
        route: record.route.as_deref().and_then(name),
        provider: record.provider.as_deref().and_then(name),
        model: record.model.as_deref().and_then(name),
        status: record.status,
        outcome: record.outcome.as_str().to_owned(),
        error: record.error.and_then(name),
        input_tokens: usage.input_tokens,
        cache_read_tokens: usage.cache_read_tokens,
        cache_write_tokens: usage.cache_write_tokens,
        output_tokens: usage.output_tokens,
        reasoning_tokens: usage.reasoning_tokens,
        cost_nano_usd: record.cost_nano_usd,
        duration_ms: ms(record.duration),
        first_byte_ms: record.first_byte.map(ms),
        queued_ms: ms(record.queued),
        attempts: record.attempts.iter().map(attempt).collect(),
        traceparent: record.traceparent.as_deref().map(cut),
    }
}

/// Milliseconds since 1970; a clock that stands before or absurdly far after is brought to the nearest that a day in
/// the sums can be named after.
pub(crate) fn since_1970_ms(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX).min(LAST_MS)
}

fn attempt(record: &AttemptRecord) -> AttemptRow {
    AttemptRow {
        provider: cut(&record.provider),
        model: cut(&record.model),
        key: record.key as u64,
        reason: cut(&record.reason),
        began_ms: ms(record.began),
        duration_ms: ms(record.duration),
        first_byte_ms: record.first_byte.map(ms),
        status: record.status,
        error: record.error.and_then(name),
        blame: record.blame.and_then(name),
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A name; an empty one is none.
fn name(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| cut(text))
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_NAME_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use store::{Kept, Store};

    use super::{of, since_1970_ms};
    use crate::{RequestRecord, tests::record};

    #[test]
    fn times_stay_within_what_a_day_can_be_named_after() {
        let check = |at, expected| assert_eq!(since_1970_ms(at), expected);
        check(UNIX_EPOCH, 0);
        check(UNIX_EPOCH + Duration::from_micros(1_999), 1);
        check(UNIX_EPOCH - Duration::from_secs(1), 0);
        check(UNIX_EPOCH + Duration::from_secs(1 << 40), super::LAST_MS);
    }

    #[test]
    fn any_record_is_one_that_the_store_takes() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let empty = || Some(String::new());
        let odd = RequestRecord {
            asked_model: "é".repeat(100_000),
            began_at: UNIX_EPOCH - Duration::from_secs(1),
            duration: Duration::MAX,
            generation: u64::MAX,
            status: u16::MAX,
            project: empty(),
            route: empty(),
            provider: empty(),
            model: empty(),
            error: Some(""),
            cost_nano_usd: Some(u64::MAX),
            ..record("odd")
        };
        store.insert_requests(&[of(&odd)], Kept::Requests).unwrap();
        let row = store.request("odd", None).unwrap().unwrap();
        assert_eq!(row.asked_model, "é".repeat(321));
        assert_eq!(
            (row.project, row.route, row.provider, row.model, row.error),
            Default::default()
        );
    }
}
