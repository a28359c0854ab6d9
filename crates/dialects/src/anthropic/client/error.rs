//! Writes errors, as answers of their own and inside of a stream.
//!
//! Source: <https://docs.anthropic.com/en/api/errors>

use canonical::{ErrorKind, Fault};
use serde_json::{Value, json};

/// The status that callers see. An overloaded provider has one of its own in the dialect.
pub(super) fn status(fault: &Fault) -> u16 {
    match fault.kind {
        ErrorKind::Overloaded => 529,
        ErrorKind::InvalidRequest
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::TooLarge
        | ErrorKind::Unprocessable
        | ErrorKind::KeyRefused
        | ErrorKind::QuotaExhausted
        | ErrorKind::RateLimited
        | ErrorKind::UpstreamFailed
        | ErrorKind::Unreachable
        | ErrorKind::Timeout
        | ErrorKind::Truncated
        | ErrorKind::Malformed
        | ErrorKind::Internal => fault.status(),
    }
}

/// Writes the body of an answer of `status`.
pub(super) fn encode(status: u16, fault: &Fault, request_id: &str) -> Vec<u8> {
    let mut body = event(status, fault);
    if let Some(members) = body.as_object_mut() {
        members.insert("request_id".to_owned(), json!(request_id));
    }
    body.to_string().into_bytes()
}

/// Writes the data of the event that ends a stream; `status` is what an answer of its own would have.
pub(super) fn event(status: u16, fault: &Fault) -> Value {
    json!({"type": "error", "error": {"type": error_type(status, fault), "message": fault.public}})
}

/// The dialect's word for an error. The status tells it, but for an account without credit.
fn error_type(status: u16, fault: &Fault) -> &'static str {
    match status {
        _ if fault.kind == ErrorKind::QuotaExhausted => "billing_error",
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        504 => "timeout_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

#[cfg(test)]
mod tests {
    use canonical::{ErrorKind, Fault};
    use serde_json::{Value, json};

    use super::{encode, status};

    #[test]
    fn the_status_tells_the_type() {
        for (kind, expected, error_type) in [
            (ErrorKind::InvalidRequest, 400, "invalid_request_error"),
            (ErrorKind::NotFound, 404, "not_found_error"),
            (ErrorKind::Conflict, 409, "invalid_request_error"),
            (ErrorKind::TooLarge, 413, "request_too_large"),
            (ErrorKind::Unprocessable, 422, "invalid_request_error"),
            (ErrorKind::RateLimited, 429, "rate_limit_error"),
            (ErrorKind::Internal, 500, "api_error"),
            (ErrorKind::KeyRefused, 502, "api_error"),
            (ErrorKind::QuotaExhausted, 502, "billing_error"),
            (ErrorKind::Truncated, 502, "api_error"),
            (ErrorKind::Timeout, 504, "timeout_error"),
            (ErrorKind::Overloaded, 529, "overloaded_error"),
        ] {
            let fault = Fault::new(kind, "Try again.");
            assert_eq!(status(&fault), expected, "{kind:?}");
            let body: Value = serde_json::from_slice(&encode(expected, &fault, "req_1")).unwrap();
            let error = json!({"type": error_type, "message": "Try again."});
            assert_eq!(body, json!({"type": "error", "error": error, "request_id": "req_1"}));
        }
    }

    #[test]
    fn refusals_of_our_own_have_a_type_too() {
        let fault = Fault::new(ErrorKind::InvalidRequest, "No key.");
        for (status, expected) in [(401, "authentication_error"), (403, "permission_error")] {
            let body: Value = serde_json::from_slice(&encode(status, &fault, "")).unwrap();
            assert_eq!(body["error"]["type"], expected);
        }
    }
}
