//! Reads errors, as answers of their own and inside of an answer of status 200.
//!
//! Source: <https://ai.google.dev/gemini-api/docs/troubleshooting>, <https://google.aip.dev/193>

use std::time::Duration;

use canonical::{ErrorKind, Fault};
use serde_json::Value;

use crate::{ErrorAnswer, error_text::error_text, json, status};

/// Reads an answer of another status than 200.
pub(super) fn decode(answer: &ErrorAnswer<'_>) -> Fault {
    let body = json::parse(answer.body).unwrap_or_default();
    // Streamed requests are refused with the error in a list.
    let error = error(&body).unwrap_or(&Value::Null);
    let fault = status::fault(answer, kind(error), error_text(&body));
    let wait = retry_delay(error).or(fault.retry_after);
    fault.with_retry_after(wait)
}

/// Reads the member `error` of a stream's event, or of a body that claims to be an answer.
pub(super) fn within_200(error: &Value) -> Fault {
    let status = json::count(error, "code").and_then(|code| u16::try_from(code).ok());
    let kind = kind(error).or(status.map(status::kind_of)).unwrap_or(ErrorKind::UpstreamFailed);
    let message = error_text(error);
    Fault::new(kind, message.unwrap_or_else(|| "the provider failed without a message".to_owned()))
        .with_retry_after(retry_delay(error))
}

/// Finds the error in a body, or in a list of one body.
pub(super) fn error(body: &Value) -> Option<&Value> {
    json::present(body.get(0).unwrap_or(body), "error")
}

/// Tells what an error is, where its reason or status says more than the HTTP status does.
fn kind(error: &Value) -> Option<ErrorKind> {
    let reasons =
        || json::list(error, "details").iter().filter_map(|one| json::text(one, "reason"));
    if reasons().any(|reason| reason.starts_with("API_KEY_")) {
        return Some(ErrorKind::KeyRefused);
    }
    if reasons().any(|reason| reason == "BILLING_DISABLED") {
        return Some(ErrorKind::QuotaExhausted);
    }
    match json::text(error, "status")? {
        "CANCELLED" | "INTERNAL" => Some(ErrorKind::UpstreamFailed),
        "DEADLINE_EXCEEDED" => Some(ErrorKind::Timeout),
        "FAILED_PRECONDITION" if mentions_billing(error) => Some(ErrorKind::QuotaExhausted),
        "NOT_FOUND" => Some(ErrorKind::NotFound),
        "PERMISSION_DENIED" | "UNAUTHENTICATED" => Some(ErrorKind::KeyRefused),
        "RESOURCE_EXHAUSTED" => Some(ErrorKind::RateLimited),
        "UNAVAILABLE" => Some(ErrorKind::Overloaded),
        _ => None,
    }
}

/// Whether the account needs billing, which the provider says with status 400 and in words alone.
fn mentions_billing(error: &Value) -> bool {
    json::text(error, "message").is_some_and(|text| text.contains("enable billing"))
}

/// Reads `RetryInfo.retryDelay`, such as `34.4s`.
fn retry_delay(error: &Value) -> Option<Duration> {
    let delays =
        json::list(error, "details").iter().filter_map(|one| json::text(one, "retryDelay"));
    let seconds = delays.filter_map(|delay| delay.strip_suffix('s')?.parse::<f64>().ok()).next()?;
    let longest = Duration::from_secs(3600);
    (seconds >= 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(longest).min(longest))
}
