//! How long a provider asks us to wait, from the headers of its answer.

use std::time::{Duration, SystemTime};

use crate::ErrorAnswer;

/// A longer wait than this is cut: nobody waits that long, and the value is not ours.
const LONGEST: Duration = Duration::from_secs(3600);

/// Reads `retry-after-ms`, then `retry-after` in seconds, whole or not, or as an HTTP date.
///
/// A date counts from the answer's own `date`, so that a wrong clock does no harm, else from when it came.
/// Source: RFC 9110, sections 10.2.3 and 5.6.7; the OpenAI and Anthropic SDKs read the same headers.
pub(crate) fn retry_after(answer: &ErrorAnswer<'_>) -> Option<Duration> {
    let header = |name| (answer.header)(name).map(str::trim);
    let wait = header("retry-after-ms")
        .and_then(|ms| duration(ms, 1000.0))
        .or_else(|| duration(header("retry-after")?, 1.0))
        .or_else(|| {
            let then = unix_seconds(header("retry-after")?)?;
            let now = header("date")
                .and_then(unix_seconds)
                .or_else(|| unix_seconds_of(answer.received_at))?;
            Some(Duration::from_secs(u64::try_from(then - now).unwrap_or(0)))
        })?;
    Some(wait.min(LONGEST))
}

/// Reads a number of which `per_second` make a second.
fn duration(number: &str, per_second: f64) -> Option<Duration> {
    let seconds = number.parse::<f64>().ok()? / per_second;
    (seconds >= 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST))
}

/// Reads an HTTP date of the preferred form, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
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

/// Counts the whole seconds up to a moment.
fn unix_seconds_of(moment: SystemTime) -> Option<i64> {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
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

    use super::{retry_after, unix_seconds};
    use crate::ErrorAnswer;

    fn wait(headers: &[(&str, &str)]) -> Option<Duration> {
        let header =
            |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        // The headers live as long as the closure that looks them up.
        // A minute before 2026 begins.
        let received_at = UNIX_EPOCH + Duration::from_secs(1_767_225_540);
        retry_after(&ErrorAnswer { status: 429, header: &header, received_at, body: b"" })
    }

    #[test]
    fn reads_every_form() {
        let date = ("date", "Wed, 31 Dec 2025 23:59:30 GMT");
        for (headers, expected_ms) in [
            (vec![], None),
            (vec![("retry-after", "7")], Some(7_000)),
            (vec![("retry-after", " 1.5 ")], Some(1_500)),
            (vec![("retry-after-ms", "250"), ("retry-after", "7")], Some(250)),
            (vec![("retry-after-ms", "soon"), ("retry-after", "7")], Some(7_000)),
            (vec![date, ("retry-after", "Thu, 01 Jan 2026 00:00:10 GMT")], Some(40_000)),
            (vec![date, ("retry-after", "Wed, 31 Dec 2025 00:00:10 GMT")], Some(0)),
            (vec![("retry-after", "Thu, 01 Jan 2026 00:00:10 GMT")], Some(70_000)),
            (
                vec![("date", "today"), ("retry-after", "Thu, 01 Jan 2026 00:00:10 GMT")],
                Some(70_000),
            ),
            (vec![("retry-after", "86400")], Some(3_600_000)),
            (vec![("retry-after", "1e300")], Some(3_600_000)),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "NaN")], None),
            (vec![("retry-after", "later")], None),
        ] {
            assert_eq!(wait(&headers), expected_ms.map(Duration::from_millis), "{headers:?}");
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
