//! How long a provider asks us to wait, from the headers of its answer.

use std::time::{Duration, SystemTime};

use crate::{ErrorAnswer, reset_time};

/// A longer wait than this is cut: nobody waits that long, and the value is not ours.
pub(crate) const LONGEST: Duration = Duration::from_secs(3600);

/// What is left of a limit, and when there is more: the two headers of each limit that a provider may name.
///
/// Source: OpenAI and its kin, Cerebras, OpenRouter and Together, Mistral's gateway, the draft of the IETF, Anthropic.
const RESETS: [(&str, &str); 13] = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining-requests-day", "x-ratelimit-reset-requests-day"),
    ("x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute"),
    ("x-ratelimit-remaining-req-minute", "x-ratelimit-reset-req-minute"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimitbysize-remaining", "ratelimitbysize-reset"),
    ("x-ratelimitbysize-remaining", "x-ratelimitbysize-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
];

/// Reads `retry-after-ms`, then `retry-after` in seconds, whole or not, or as an HTTP date, then when the limits that
/// are used up are reset, the last of them. A stated wait of 0 is `Some`; what can't be read is as if it weren't there.
///
/// Times count from the answer's own `date`, so that a wrong clock does no harm, else from when it came.
/// Source: RFC 9110, section 10.2.3; the OpenAI and Anthropic SDKs read the same headers.
pub(crate) fn retry_after(answer: &ErrorAnswer<'_>) -> Option<Duration> {
    let header = |name| (answer.header)(name).map(str::trim);
    let now = now(answer);
    let stated =
        header("retry-after-ms").and_then(|ms| reset_time::number(ms, 1000.0)).or_else(|| {
            let stated = header("retry-after")?;
            reset_time::number(stated, 1.0).or_else(|| reset_time::until_date(stated, now))
        });
    let wait = stated.or_else(|| used_up(answer.status, &header, now))?;
    Some(wait.min(LONGEST))
}

/// Tells when there is something again of every limit that is used up, as the headers of an answer of status 429 say.
fn used_up<'a>(
    status: u16,
    header: &dyn Fn(&'static str) -> Option<&'a str>,
    now: SystemTime,
) -> Option<Duration> {
    let is_used_up = |remaining| header(remaining)?.parse::<f64>().ok().filter(|left| *left <= 0.0);
    let resets = RESETS.into_iter().filter_map(|(remaining, reset)| {
        is_used_up(remaining)?;
        reset_time::until(header(reset)?, now)
    });
    resets.max().filter(|_| status == 429)
}

/// When an answer was written: its own `date`, or when it came.
fn now(answer: &ErrorAnswer<'_>) -> SystemTime {
    let date = (answer.header)("date").map(str::trim);
    date.and_then(reset_time::http_date).unwrap_or(answer.received_at)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::retry_after;
    use crate::ErrorAnswer;

    fn wait(headers: &[(&str, &str)]) -> Option<Duration> {
        wait_of(429, headers)
    }

    fn wait_of(status: u16, headers: &[(&str, &str)]) -> Option<Duration> {
        let header =
            |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        // The headers live as long as the closure that looks them up.
        // A minute before 2026 begins.
        let received_at = UNIX_EPOCH + Duration::from_secs(1_767_225_540);
        retry_after(&ErrorAnswer { status, header: &header, received_at, body: b"" })
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
            (vec![("retry-after", "inf")], None),
            (vec![("retry-after", "")], None),
            (vec![("retry-after", "0")], Some(0)),
            (vec![("retry-after-ms", "0"), ("retry-after", "7")], Some(0)),
            (vec![("retry-after-ms", "-5"), ("retry-after", "7")], Some(7_000)),
            (vec![("retry-after", "3600")], Some(3_600_000)),
            (vec![("retry-after", "1000000000000")], Some(3_600_000)),
            (vec![("retry-after-ms", "1000000000000")], Some(3_600_000)),
        ] {
            assert_eq!(wait(&headers), expected_ms.map(Duration::from_millis), "{headers:?}");
        }
    }

    #[test]
    fn reads_when_what_is_used_up_is_reset() {
        let openai = |requests_left, tokens_left| {
            vec![
                ("x-ratelimit-remaining-requests", requests_left),
                ("x-ratelimit-reset-requests", "120ms"),
                ("x-ratelimit-remaining-tokens", tokens_left),
                ("x-ratelimit-reset-tokens", "6m0s"),
            ]
        };
        let used_up = |remaining, reset, value| vec![(remaining, "0"), (reset, value)];
        let anthropic = |value| {
            used_up(
                "anthropic-ratelimit-output-tokens-remaining",
                "anthropic-ratelimit-output-tokens-reset",
                value,
            )
        };
        let plain = |value| used_up("x-ratelimit-remaining", "x-ratelimit-reset", value);
        for (headers, expected_ms) in [
            (openai("0", "17"), Some(120)),
            (openai("3", "0"), Some(360_000)),
            (openai("0", "0"), Some(360_000)),
            (openai("-1", "5"), Some(120)),
            (openai("3", "17"), None),
            (openai("none", "17"), None),
            (vec![("x-ratelimit-reset-requests", "1m26.4s")], None),
            ([openai("0", "0"), vec![("retry-after", "2")]].concat(), Some(2_000)),
            ([openai("0", "1"), vec![("retry-after", "soon")]].concat(), Some(120)),
            (anthropic("2026-01-01T00:00:05Z"), Some(65_000)),
            (anthropic("2025-12-31T23:58:59Z"), Some(0)),
            (anthropic("soon"), None),
            (plain("1767225570"), Some(30_000)),
            (plain("1767225570500"), Some(30_500)),
            (plain("30"), Some(30_000)),
            (plain("99999999999999"), Some(3_600_000)),
            (plain("-30"), None),
            (used_up("ratelimitbysize-remaining", "ratelimitbysize-reset", "27"), Some(27_000)),
            (used_up("ratelimit-remaining", "ratelimit-reset", "9"), Some(9_000)),
            (
                used_up(
                    "x-ratelimit-remaining-tokens-minute",
                    "x-ratelimit-reset-tokens-minute",
                    "11.5",
                ),
                Some(11_500),
            ),
        ] {
            assert_eq!(wait(&headers), expected_ms.map(Duration::from_millis), "{headers:?}");
        }
        assert_eq!(wait_of(500, &openai("0", "0")), None);
    }
}
