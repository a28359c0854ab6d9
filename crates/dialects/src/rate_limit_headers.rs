//! Tells callers what is left of their limits, in the headers that their SDKs know.

use std::time::{Duration, SystemTime};

use canonical::Dialect;
use limits::Level;

use crate::rfc3339::rfc3339_seconds;

/// The names of the headers for one limit.
struct Names {
    limit: &'static str,
    remaining: &'static str,
    /// When all of it is there again, and how a time is written; not every vendor says.
    reset: Option<(&'static str, Writing)>,
}

/// How a time is written.
#[derive(Clone, Copy)]
enum Writing {
    /// As what is left until then, such as `6m0s`.
    Span,
    /// As a date of RFC 3339.
    Date,
}

const OPENAI: [Names; 2] = [
    Names {
        limit: "x-ratelimit-limit-requests",
        remaining: "x-ratelimit-remaining-requests",
        reset: Some(("x-ratelimit-reset-requests", Writing::Span)),
    },
    Names {
        limit: "x-ratelimit-limit-tokens",
        remaining: "x-ratelimit-remaining-tokens",
        reset: Some(("x-ratelimit-reset-tokens", Writing::Span)),
    },
];

const ANTHROPIC: [Names; 2] = [
    Names {
        limit: "anthropic-ratelimit-requests-limit",
        remaining: "anthropic-ratelimit-requests-remaining",
        reset: Some(("anthropic-ratelimit-requests-reset", Writing::Date)),
    },
    Names {
        limit: "anthropic-ratelimit-tokens-limit",
        remaining: "anthropic-ratelimit-tokens-remaining",
        reset: Some(("anthropic-ratelimit-tokens-reset", Writing::Date)),
    },
];

const MISTRAL: [Names; 2] = [
    Names {
        limit: "x-ratelimit-limit-req-minute",
        remaining: "x-ratelimit-remaining-req-minute",
        reset: None,
    },
    Names {
        limit: "x-ratelimit-limit-tokens-minute",
        remaining: "x-ratelimit-remaining-tokens-minute",
        reset: None,
    },
];

/// Writes the headers that a dialect has for what is left of the limits of requests and of tokens, where there are
/// any. Times are rounded up, so that they are true. Gemini and Ollama have no such headers.
///
/// Source: <https://platform.openai.com/docs/guides/rate-limits>, <https://docs.anthropic.com/en/api/rate-limits>
#[must_use]
pub fn rate_limit_headers(
    dialect: Dialect,
    requests: Option<Level>,
    tokens: Option<Level>,
    now: SystemTime,
) -> Vec<(&'static str, String)> {
    let names = match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => &OPENAI,
        Dialect::Anthropic => &ANTHROPIC,
        Dialect::Mistral => &MISTRAL,
        Dialect::Gemini | Dialect::Ollama => return Vec::new(),
    };
    let mut headers = Vec::new();
    for (names, level) in names.iter().zip([requests, tokens]) {
        let Some(level) = level else { continue };
        headers.push((names.limit, level.limit.to_string()));
        headers.push((names.remaining, level.remaining.to_string()));
        if let Some((name, writing)) = names.reset {
            headers.push((name, writing.write(level.reset, now)));
        }
    }
    headers
}

impl Writing {
    fn write(self, reset: Duration, now: SystemTime) -> String {
        match self {
            Self::Span => span(reset),
            Self::Date => date(now.checked_add(reset).unwrap_or(now)),
        }
    }
}

/// Writes a span as Go does, to the millisecond.
fn span(span: Duration) -> String {
    let ms = span.as_nanos().div_ceil(1_000_000);
    if (1..1000).contains(&ms) {
        return format!("{ms}ms");
    }
    let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
    let (whole, fraction) = (ms / 1000 % 60, ms % 1000);
    let fraction = if fraction > 0 { format!(".{fraction:03}") } else { String::new() };
    let seconds = format!("{whole}{}", fraction.trim_end_matches('0'));
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// Writes a date to the second.
fn date(time: SystemTime) -> String {
    let up = Duration::from_nanos(999_999_999);
    rfc3339_seconds(time.checked_add(up).unwrap_or(time))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use canonical::Dialect;
    use limits::Level;

    use super::{date, rate_limit_headers, span};
    use crate::{ErrorAnswer, retry_after::retry_after};

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_767_225_600)
    }

    fn level(limit: u64, remaining: u64, reset_ms: u64) -> Option<Level> {
        Some(Level { limit, remaining, reset: Duration::from_millis(reset_ms) })
    }

    fn written(dialect: Dialect, requests: Option<Level>, tokens: Option<Level>) -> String {
        let headers = rate_limit_headers(dialect, requests, tokens, now());
        let lines = headers.into_iter().map(|(name, value)| format!("{name}: {value}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_dialect_has_its_own_names() {
        let (requests, tokens) = (level(60, 12, 12_967), level(40_000, 0, 60_000));
        for dialect in [Dialect::OpenAiChat, Dialect::OpenAiResponses] {
            let expected = "x-ratelimit-limit-requests: 60\n\
                x-ratelimit-remaining-requests: 12\n\
                x-ratelimit-reset-requests: 12.967s\n\
                x-ratelimit-limit-tokens: 40000\n\
                x-ratelimit-remaining-tokens: 0\n\
                x-ratelimit-reset-tokens: 1m0s";
            assert_eq!(written(dialect, requests, tokens), expected);
        }
        let expected = "anthropic-ratelimit-requests-limit: 60\n\
            anthropic-ratelimit-requests-remaining: 12\n\
            anthropic-ratelimit-requests-reset: 2026-01-01T00:00:13Z\n\
            anthropic-ratelimit-tokens-limit: 40000\n\
            anthropic-ratelimit-tokens-remaining: 0\n\
            anthropic-ratelimit-tokens-reset: 2026-01-01T00:01:00Z";
        assert_eq!(written(Dialect::Anthropic, requests, tokens), expected);
        let expected = "x-ratelimit-limit-req-minute: 60\n\
            x-ratelimit-remaining-req-minute: 12\n\
            x-ratelimit-limit-tokens-minute: 40000\n\
            x-ratelimit-remaining-tokens-minute: 0";
        assert_eq!(written(Dialect::Mistral, requests, tokens), expected);
        for dialect in [Dialect::Gemini, Dialect::Ollama] {
            assert_eq!(written(dialect, requests, tokens), "");
        }
    }

    #[test]
    fn what_is_not_limited_is_not_told() {
        for dialect in Dialect::ALL {
            assert_eq!(written(dialect, None, None), "");
            assert!(!written(dialect, level(1, 1, 0), None).contains("token"), "{dialect:?}");
            assert!(!written(dialect, None, level(1, 1, 0)).contains("req"), "{dialect:?}");
        }
    }

    #[test]
    fn times_are_rounded_up() {
        for (reset_us, expected_span, expected_date) in [
            (0, "0s", "2026-01-01T00:00:00Z"),
            (1, "1ms", "2026-01-01T00:00:01Z"),
            (120_000, "120ms", "2026-01-01T00:00:01Z"),
            (999_001, "1s", "2026-01-01T00:00:01Z"),
            (1_000_000, "1s", "2026-01-01T00:00:01Z"),
            (12_967_000, "12.967s", "2026-01-01T00:00:13Z"),
            (20_000_000, "20s", "2026-01-01T00:00:20Z"),
            (59_999_999, "1m0s", "2026-01-01T00:01:00Z"),
            (90_500_000, "1m30.5s", "2026-01-01T00:01:31Z"),
            (360_000_000, "6m0s", "2026-01-01T00:06:00Z"),
            (3_600_000_000, "1h0m0s", "2026-01-01T01:00:00Z"),
        ] {
            let reset = Duration::from_micros(reset_us);
            assert_eq!(
                (span(reset).as_str(), date(now() + reset).as_str()),
                (expected_span, expected_date)
            );
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for dialect in [Dialect::OpenAiChat, Dialect::OpenAiResponses, Dialect::Anthropic] {
            let headers =
                rate_limit_headers(dialect, level(1, 0, 7_000), level(1, 1, 9_000), now());
            let header = |name: &str| {
                headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
            };
            let answer =
                ErrorAnswer { status: 429, header: &header, received_at: now(), body: b"" };
            assert_eq!(retry_after(&answer), Some(Duration::from_secs(7)), "{dialect:?}");
        }
    }
}
