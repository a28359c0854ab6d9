//! Times as people type them: `30d`, `12h`, `1h 30m`.

use std::time::{Duration, SystemTime};

/// The end of the year 9999, after which RFC 3339 has no times, in seconds since 1970.
const LAST_S: u64 = 253_402_300_799;

/// Parses a duration where the command line gives one.
pub fn argument(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| "expected a duration, as in 45s, 90m, 12h or 30d".to_owned())
}

/// Parses the end of something: after a duration, or at a time, which the gateway judges.
pub fn end_argument(text: &str) -> Result<String, String> {
    end(text, SystemTime::now())
}

fn end(text: &str, now: SystemTime) -> Result<String, String> {
    let is_time = text.contains('T') || text.contains(':');
    if is_time {
        return Ok(text.to_owned());
    }
    let expected = "expected a duration as in 12h or 30d, or a time as in 2030-01-31T12:00:00Z";
    let period = argument(text).map_err(|_| expected.to_owned())?;
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_S);
    let end = now.checked_add(period).filter(|end| *end <= last).ok_or(expected)?;
    Ok(humantime::format_rfc3339_seconds(end).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_durations_or_times() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(end(text, now).ok().as_deref(), expected, "{text}");
        };
        check("30d", Some("2027-02-14T08:00:00Z"));
        check("90m", Some("2027-01-15T09:30:00Z"));
        check("1h 30m", Some("2027-01-15T09:30:00Z"));
        check("2030-01-31T12:00:00+01:00", Some("2030-01-31T12:00:00+01:00"));
        for text in ["", "soon", "30", "30x", "-1d", "99999999999999y", "9000y"] {
            check(text, None);
        }
    }
}
