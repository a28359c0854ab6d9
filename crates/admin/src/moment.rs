//! Moments in queries: a day, a time, or how long ago.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::parameters::Fault;

const DAY: Duration = Duration::from_secs(86_400);

/// A moment that a caller named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A point in time.
    Time(SystemTime),
    /// A whole day in UTC, by its first instant.
    Day(SystemTime),
}

impl Moment {
    /// Reads the parameter `name`: `2026-01-31`, `2026-01-31T12:00:00Z`, or `7d` for seven days before `now`.
    ///
    /// # Errors
    ///
    /// Says what is expected.
    pub(crate) fn read(
        name: &str,
        text: Option<&str>,
        now: SystemTime,
    ) -> Result<Option<Self>, Fault> {
        let Some(text) = text else { return Ok(None) };
        Self::parse(text, now).map(Some).ok_or_else(|| Fault::Malformed {
            loc: vec![json!("query"), json!(name)],
            msg: "Input should be a day such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or how long ago, \
                  such as 7d or 12h"
                .to_owned(),
            kind: "value_error",
        })
    }

    fn parse(text: &str, now: SystemTime) -> Option<Self> {
        if let Ok(ago) = humantime::parse_duration(text) {
            return Some(Self::Time(now.checked_sub(ago).unwrap_or(UNIX_EPOCH).max(UNIX_EPOCH)));
        }
        if let Ok(midnight) = humantime::parse_rfc3339(&format!("{text}T00:00:00Z")) {
            return Some(Self::Day(midnight));
        }
        humantime::parse_rfc3339(text).ok().map(Self::Time)
    }

    /// Its first millisecond since 1970.
    pub(crate) fn begins_ms(self) -> i64 {
        let (Self::Time(at) | Self::Day(at)) = self;
        milliseconds(at)
    }

    /// The first millisecond that is after it.
    pub(crate) fn ends_ms(self) -> i64 {
        match self {
            Self::Time(at) => milliseconds(at),
            Self::Day(at) => milliseconds(at + DAY),
        }
    }

    /// The day that it is or lies in, as `2026-01-31`.
    pub(crate) fn day(self) -> String {
        let (Self::Time(at) | Self::Day(at)) = self;
        let mut day = humantime::format_rfc3339_seconds(at).to_string();
        day.truncate("2026-01-31".len());
        day
    }
}

fn milliseconds(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::Moment;

    #[test]
    fn moments_are_read() {
        // Noon of 2026-01-31.
        let noon = 1_769_860_800;
        let now = UNIX_EPOCH + Duration::from_secs(noon);
        let noon_ms = i64::try_from(noon).unwrap() * 1000;
        let (half_ms, day_ms) = (43_200_000, 86_400_000);
        let check = |text: &str, begins_ms: i64, ends_ms: i64, day: &str| {
            let moment = Moment::read("since", Some(text), now).unwrap().unwrap();
            let found = (moment.begins_ms(), moment.ends_ms(), moment.day());
            assert_eq!(found, (begins_ms, ends_ms, day.to_owned()), "{text}");
        };
        check("2026-01-31", noon_ms - half_ms, noon_ms + half_ms, "2026-01-31");
        check("2026-01-31T12:00:00Z", noon_ms, noon_ms, "2026-01-31");
        check("7d", noon_ms - 7 * day_ms, noon_ms - 7 * day_ms, "2026-01-24");
        check("12h 1ms", noon_ms - half_ms - 1, noon_ms - half_ms - 1, "2026-01-30");
        check("1000years", 0, 0, "1970-01-01");
        check("9999-12-31", 253_402_214_400_000, 253_402_300_800_000, "9999-12-31");
        assert_eq!(Moment::read("since", None, now).unwrap(), None);
        for text in ["", "7", "yesterday", "2026-02-30", "2026-1-1", "-7d", "2026-01-31T25:00:00Z"]
        {
            assert!(Moment::read("since", Some(text), now).is_err(), "{text}");
        }
    }
}
