//! Reads errors, as answers of their own and inside of an answer of status 200.
//!
//! Source: <https://ai.google.dev/gemini-api/docs/troubleshooting>, <https://google.aip.dev/193>

use std::time::Duration;

use canonical::{ErrorKind, Fault};
use serde_json::Value;

use crate::{ErrorAnswer, error_text::error_text, json, reset_time, retry_after::LONGEST, status};

/// Reads an answer of another status than 200.
pub(super) fn decode(answer: &ErrorAnswer<'_>) -> Fault {
    let body = json::parse(answer.body).unwrap_or_default();
    // Streamed requests are refused with the error in a list.
    let error = error(&body).unwrap_or(&Value::Null);
    let fault = status::fault(answer, account(error), error_text(&body));
    let wait = retry_delay(error).or(fault.retry_after);
    fault.with_retry_after(wait)
}

/// Reads the member `error` of a stream's event, or of a body that claims to be an answer.
pub(super) fn within_200(error: &Value) -> Fault {
    let status = json::count(error, "code").and_then(|code| u16::try_from(code).ok());
    let kind = account(error)
        .or_else(|| named_kind(error))
        .or(status.map(status::kind_of))
        .unwrap_or(ErrorKind::UpstreamFailed);
    let message = error_text(error);
    Fault::new(kind, message.unwrap_or_else(|| "the provider failed without a message".to_owned()))
        .with_retry_after(retry_delay(error))
}

/// Finds the error in a body, or in a list of one body.
pub(super) fn error(body: &Value) -> Option<&Value> {
    json::present(body.get(0).unwrap_or(body), "error")
}

/// Tells what is wrong with our account, which the provider also says with status 400.
fn account(error: &Value) -> Option<ErrorKind> {
    let reasons =
        || json::list(error, "details").iter().filter_map(|one| json::text(one, "reason"));
    if reasons().any(|reason| reason == "API_KEY_INVALID") {
        return Some(ErrorKind::KeyRefused);
    }
    let lacks_billing = reasons().any(|reason| reason == "BILLING_DISABLED")
        || json::text(error, "status") == Some("FAILED_PRECONDITION") && mentions_billing(error);
    lacks_billing.then_some(ErrorKind::QuotaExhausted)
}

/// Tells what an error is by its status.
fn named_kind(error: &Value) -> Option<ErrorKind> {
    match json::text(error, "status")? {
        "CANCELLED" | "DEADLINE_EXCEEDED" | "INTERNAL" => Some(ErrorKind::UpstreamFailed),
        "NOT_FOUND" => Some(ErrorKind::NotFound),
        "PERMISSION_DENIED" | "UNAUTHENTICATED" => Some(ErrorKind::KeyRefused),
        "RESOURCE_EXHAUSTED" => Some(ErrorKind::RateLimited),
        "UNAVAILABLE" => Some(ErrorKind::Overloaded),
        _ => None,
    }
}

/// Whether the account needs billing, which the provider says in words alone.
fn mentions_billing(error: &Value) -> bool {
    json::text(error, "message").is_some_and(|text| text.contains("enable billing"))
}

/// Reads `RetryInfo.retryDelay`, such as `34.4s`.
fn retry_delay(error: &Value) -> Option<Duration> {
    let delays =
        json::list(error, "details").iter().filter_map(|one| json::text(one, "retryDelay"));
    delays.filter_map(reset_time::span).next().map(|delay| delay.min(LONGEST))
}
