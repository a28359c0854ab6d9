//! Writes points in time as RFC 3339 has them.

use std::{
    fmt::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Writes a time to the nanosecond, in UTC. What lies before 1970 or after the year 9999 becomes 1970.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    written(humantime::format_rfc3339_nanos(time.max(UNIX_EPOCH)))
}

/// Writes a time to the second, rounded down, as [`rfc3339`] does.
pub(crate) fn rfc3339_seconds(time: SystemTime) -> String {
    written(humantime::format_rfc3339_seconds(time.max(UNIX_EPOCH)))
}

fn written(time: humantime::Rfc3339Timestamp) -> String {
    let mut text = String::new();
    match write!(text, "{time}") {
        Ok(()) => text,
        Err(_) => "1970-01-01T00:00:00Z".to_owned(),
    }
}

/// Writes what `seconds` after the start of 1970 is, as [`rfc3339`] does.
pub(crate) fn rfc3339_of_seconds(seconds: u64) -> String {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    rfc3339(time.unwrap_or(UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{rfc3339, rfc3339_of_seconds};

    #[test]
    fn every_time_can_be_written() {
        let second = Duration::from_secs(1);
        assert_eq!(rfc3339(UNIX_EPOCH + second / 4), "1970-01-01T00:00:00.250000000Z");
        assert_eq!(rfc3339(UNIX_EPOCH - second), "1970-01-01T00:00:00.000000000Z");
        for (seconds, expected) in [
            (1_700_000_000, "2023-11-14T22:13:20.000000000Z"),
            (253_402_300_800, "1970-01-01T00:00:00Z"),
            (u64::MAX, "1970-01-01T00:00:00.000000000Z"),
        ] {
            assert_eq!(rfc3339_of_seconds(seconds), expected);
        }
    }
}
