//! Points in time and spans, as providers write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::retry_after::LONGEST;

/// From here on a number is a time since 1970, not a span: in seconds, and further on in milliseconds.
const FIRST_EPOCH_SECOND: f64 = 1e9;
const FIRST_EPOCH_MILLISECOND: f64 = 1e11;

/// Reads how long after `now` something is reset: a number of seconds, a number of seconds or milliseconds since 1970,
/// a span such as `6m0s`, or a date of RFC 3339 or HTTP. What was long ago says nothing.
pub(crate) fn until(text: &str, now: SystemTime) -> Option<Duration> {
    let moment = match text.parse::<f64>() {
        Ok(number) if number < FIRST_EPOCH_SECOND => return self::number(text, 1.0),
        Ok(number) => {
            let per_second = if number < FIRST_EPOCH_MILLISECOND { 1.0 } else { 1000.0 };
            UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(number / per_second).ok()?)
        }
        Err(_) => match span(text) {
            Some(span) => return Some(span),
            None => humantime::parse_rfc3339(text).ok().or_else(|| http_date(text)),
        },
    }?;
    match moment.duration_since(now) {
        Ok(wait) => Some(wait),
        Err(past) => (past.duration() <= LONGEST).then_some(Duration::ZERO),
    }
}

/// Reads a number of which `per_second` make a second.
pub(crate) fn number(text: &str, per_second: f64) -> Option<Duration> {
    let seconds = text.parse::<f64>().ok()? / per_second;
    let is_span = seconds.is_finite() && seconds >= 0.0;
    is_span.then(|| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST))
}

/// Reads a span as Go writes it: `120ms`, `12.967s`, `6m0s`, `1h2m3.5s`.
pub(crate) fn span(text: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| c != '.' && !c.is_ascii_digit())?);
        let unit = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let seconds = match unit {
            "d" => 86_400.0,
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let span = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds);
        sum = sum.saturating_add(span.unwrap_or(LONGEST));
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

/// Reads how long after `now` an HTTP date is; one that is over is no wait.
pub(crate) fn until_date(text: &str, now: SystemTime) -> Option<Duration> {
    Some(http_date(text)?.duration_since(now).unwrap_or_default())
}

/// Reads an HTTP date of the preferred form, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// Source: RFC 9110, section 5.6.7
pub(crate) fn http_date(text: &str) -> Option<SystemTime> {
    let seconds = u64::try_from(unix_seconds(text)?).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Counts the seconds from 1970 to an HTTP date.
fn unix_seconds(date: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = date.split_once(", ")?.1.strip_suffix(" GMT")?.split([' ', ':']);
    let day = words.next()?.parse::<i64>().ok()?;
    let month = words.next()?;
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()? + 1;
    let year = words.next()?.parse::<i64>().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut seconds = days_since_1970(year, month, day);
    for unit in [24, 60, 60] {
        let value = words.next()?.parse::<i64>().ok().filter(|value| (0..=60).contains(value))?;
        seconds = seconds * unit + value;
    }
    words.next().is_none().then_some(seconds)
}

/// Counts days in the Gregorian calendar, with years that begin in March so that leap days come last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{span, unix_seconds, until};

    #[test]
    fn reads_spans() {
        for (text, expected_ms) in [
            ("120ms", Some(120)),
            ("12.967s", Some(12_967)),
            ("0s", Some(0)),
            ("6m0s", Some(360_000)),
            ("1m26.4s", Some(86_400)),
            ("1h2m3.5s", Some(3_723_500)),
            ("1d", Some(86_400_000)),
            ("2500us", Some(2)),
            ("99999999999999999999s", Some(3_600_000)),
            ("", None),
            ("7", None),
            ("s", None),
            ("-1s", None),
            ("1.2.3s", None),
            ("1s later", None),
            ("1 s", None),
        ] {
            let span = span(text).map(|span| Duration::from_millis(span.as_millis() as u64));
            assert_eq!(span, expected_ms.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn reads_when_something_is_reset() {
        let now = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        for (text, expected_ms) in [
            ("0", Some(0)),
            ("11.25", Some(11_250)),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("1767225630", Some(30_000)),
            ("1767225630.5", Some(30_500)),
            ("1767225630250", Some(30_250)),
            ("1767225600", Some(0)),
            ("1767225590", Some(0)),
            ("1000000000000", None),
            ("1e300", None),
            ("20s", Some(20_000)),
            ("2026-01-01T00:00:12Z", Some(12_000)),
            ("2025-12-31T23:59:59Z", Some(0)),
            ("2024-12-31T23:59:59Z", None),
            ("Thu, 01 Jan 2026 00:00:10 GMT", Some(10_000)),
            ("tomorrow", None),
        ] {
            assert_eq!(until(text, now), expected_ms.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn reads_dates() {
        for (date, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 12:00:00 GMT", Some(951_825_600)),
            ("Mon, 01 Mar 2100 00:00:00 GMT", Some(4_107_542_400)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 06 Nov 99999999999999 08:49:37 GMT", None),
        ] {
            assert_eq!(unix_seconds(date), expected, "{date}");
        }
    }
}
