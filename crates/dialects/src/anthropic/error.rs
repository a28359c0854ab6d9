//! Reads errors, as answers of their own and inside of an answer of status 200.
//!
//! Source: <https://docs.anthropic.com/en/api/errors>

use canonical::{ErrorKind, Fault};
use serde_json::Value;

use crate::{ErrorAnswer, error_text::error_text, json, status};

/// Reads an answer of another status than 200.
pub(super) fn decode(answer: &ErrorAnswer<'_>) -> Fault {
    let body = json::parse(answer.body).unwrap_or_default();
    let kind = body.get("error").and_then(kind);
    let account = kind.filter(|kind| *kind == ErrorKind::QuotaExhausted);
    status::fault(answer, account, error_text(&body))
}

/// Reads the member `error` of a stream's event, or of a body that claims to be an answer.
pub(super) fn within_200(error: &Value) -> Fault {
    let kind = kind(error).unwrap_or(match json::text(error, "type") {
        Some("invalid_request_error") => ErrorKind::InvalidRequest,
        _ => ErrorKind::UpstreamFailed,
    });
    let message = error_text(error);
    Fault::new(kind, message.unwrap_or_else(|| "the provider failed without a message".to_owned()))
}

/// Tells what an error is by its type; `invalid_request_error` also comes with an account without credit.
fn kind(error: &Value) -> Option<ErrorKind> {
    match json::text(error, "type")? {
        "authentication_error" | "permission_error" | "forbidden" => Some(ErrorKind::KeyRefused),
        "billing_error" => Some(ErrorKind::QuotaExhausted),
        "invalid_request_error" if says_no_credit(error) => Some(ErrorKind::QuotaExhausted),
        "not_found_error" => Some(ErrorKind::NotFound),
        "request_too_large" => Some(ErrorKind::TooLarge),
        "rate_limit_error" => Some(ErrorKind::RateLimited),
        "overloaded_error" => Some(ErrorKind::Overloaded),
        "api_error" | "timeout_error" => Some(ErrorKind::UpstreamFailed),
        _ => None,
    }
}

/// Whether the account is out of credit, which the provider says with status 400 and in words alone.
fn says_no_credit(error: &Value) -> bool {
    json::text(error, "message").is_some_and(|text| text.contains("credit balance is too low"))
}
