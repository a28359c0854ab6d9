//! What an answer of another status than 200 means, before and beside what its body says.

use std::time::Duration;

use canonical::{ErrorKind, Fault};

use crate::{ErrorAnswer, retry_after::retry_after};

/// The longest text that a body without a known shape is quoted with.
const LONGEST_QUOTE_CHARS: usize = 200;

/// How long to wait for an account to get new credit, where the provider says 429 and not how long.
const CREDIT_WAIT: Duration = Duration::from_secs(60);

/// Makes the fault of an answer. Its status tells the kind, since callers are to see the like of it;
/// `account` is what the body says of our account, which the statuses for it leave open. `message` is the
/// provider's own sentence, if the body has one.
pub(crate) fn fault(
    answer: &ErrorAnswer<'_>,
    account: Option<ErrorKind>,
    message: Option<String>,
) -> Fault {
    let account = account.filter(|_| matches!(answer.status, 400 | 402 | 403 | 429));
    let kind = account.unwrap_or_else(|| kind_of(answer.status));
    let wait = (kind == ErrorKind::QuotaExhausted && answer.status == 429).then_some(CREDIT_WAIT);
    Fault::new(kind, message.unwrap_or_else(|| quote(answer)))
        .with_upstream_status(answer.status)
        .with_retry_after(retry_after(answer).or(wait))
}

/// Tells what a status means.
pub(crate) fn kind_of(status: u16) -> ErrorKind {
    match status {
        401 | 403 => ErrorKind::KeyRefused,
        402 => ErrorKind::QuotaExhausted,
        404 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout,
        409 => ErrorKind::Conflict,
        413 => ErrorKind::TooLarge,
        422 => ErrorKind::Unprocessable,
        429 => ErrorKind::RateLimited,
        400..=499 => ErrorKind::InvalidRequest,
        503 | 529 => ErrorKind::Overloaded,
        _ => ErrorKind::UpstreamFailed,
    }
}

/// Quotes the first line of a body of plain text; a page of HTML or nothing at all is no message.
fn quote(answer: &ErrorAnswer<'_>) -> String {
    let body = String::from_utf8_lossy(answer.body);
    let line = body.trim().lines().next().unwrap_or_default().trim_end();
    if line.is_empty() || line.starts_with(['<', '{', '[']) {
        return format!("HTTP {} without a message", answer.status);
    }
    line.chars().take(LONGEST_QUOTE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::fault;
    use crate::ErrorAnswer;

    #[test]
    fn a_body_without_a_known_shape_is_quoted_only_when_it_is_text() {
        let long = "x".repeat(1000);
        for (body, expected) in [
            (" upstream connect error \r\nmore", "upstream connect error"),
            ("<html>Bad Gateway</html>", "HTTP 502 without a message"),
            ("", "HTTP 502 without a message"),
            ("{\"unheard\":\"of\"}", "HTTP 502 without a message"),
            (long.as_str(), &long[..200]),
        ] {
            let answer = ErrorAnswer {
                status: 502,
                header: &|_| None,
                received_at: UNIX_EPOCH,
                body: body.as_bytes(),
            };
            assert_eq!(fault(&answer, None, None).public, expected);
        }
    }
}
