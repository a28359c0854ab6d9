//! Moments as callers write them, RFC 3339, and as the store keeps them, milliseconds since 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads `2026-12-31T23:59:59Z`, with or without a fraction, or with an offset such as `+02:00` in place of the `Z`.
///
/// What is read can be written: from 1970 to the year 9999.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    read(text).filter(|moment| (UNIX_EPOCH..=latest()).contains(moment))
}

/// The last moment that RFC 3339 has a year for, at whole seconds.
fn latest() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(253_402_300_799)
}

fn read(text: &str) -> Option<SystemTime> {
    if let Ok(moment) = humantime::parse_rfc3339(text) {
        return Some(moment);
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub("+02:00".len())?)?;
    let (sign, digits) = offset.split_at_checked(1)?;
    let (hours, minutes) = digits.split_once(':')?;
    let number = |text: &str, most: u64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u64>().ok().filter(|number| digits && *number <= most)
    };
    let seconds = number(hours, 23)? * 3600 + number(minutes, 59)? * 60;
    let moment = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    match sign {
        "+" => moment.checked_sub(Duration::from_secs(seconds)),
        "-" => moment.checked_add(Duration::from_secs(seconds)),
        _ => None,
    }
}

/// Writes a moment for callers; the nearest that can be written where it is out of reach.
pub(crate) fn write(moment: SystemTime) -> String {
    humantime::format_rfc3339_millis(moment.clamp(UNIX_EPOCH, latest())).to_string()
}

/// A moment for the store. What is before 1970 counts as 1970.
pub(crate) fn to_ms(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A moment from the store.
pub(crate) fn from_ms(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_spelling_of_rfc_3339() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(parse(text).map(to_ms), expected, "{text}");
        };
        check("1970-01-01T00:00:01Z", Some(1_000));
        check("1970-01-01T00:00:01.250Z", Some(1_250));
        check("1970-01-01T02:00:01+02:00", Some(1_000));
        check("1970-01-01T00:00:01-00:30", Some(1_801_000));
        check("2026-11-22T10:00:00.5+01:00", Some(1_795_338_000_500));
        for text in [
            "",
            "Z",
            "tomorrow",
            "30d",
            "2026-11-22",
            "2026-11-22T10:00:00",
            "2026-11-22T10:00:00+2:00",
            "2026-11-22T10:00:00+24:00",
            "2026-11-22T10:00:00+00:60",
            "2026-11-22T10:00:00+0a:00",
            "2026-11-22T10:00:00*02:00",
            "2026-13-22T10:00:00Z",
            "ää:00",
            "9999-12-31T23:59:59-00:01",
            "9999-12-31T23:59:59.5Z",
            "1970-01-01T00:00:00+00:01",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn moments_come_back_from_the_store() {
        for ms in [0, 1, 1_795_338_000_500] {
            assert_eq!(to_ms(from_ms(ms)), ms);
        }
        assert_eq!(write(from_ms(1_500)), "1970-01-01T00:00:01.500Z");
        assert_eq!(write(from_ms(i64::MAX)), "9999-12-31T23:59:59.000Z");
        assert_eq!(write(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00.000Z");
    }
}
