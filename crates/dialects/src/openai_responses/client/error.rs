//! Writes faults, before an answer and in the middle of one.
//!
//! Source: <https://platform.openai.com/docs/guides/error-codes>.

use canonical::{ErrorKind, Fault};
use serde_json::{Value, json};

/// Writes the body that tells a fault before an answer has begun.
pub(super) fn body(status: u16, fault: &Fault) -> Vec<u8> {
    json!({ "error": error(status, fault) }).to_string().into_bytes()
}

/// Writes the error itself, with all four members that OpenAI's has.
pub(super) fn error(status: u16, fault: &Fault) -> Value {
    let kind = match (fault.kind, status) {
        (ErrorKind::QuotaExhausted, _) => "insufficient_quota",
        (ErrorKind::RateLimited, _) => "rate_limit_error",
        (_, 401) => "authentication_error",
        (_, 403) => "permission_error",
        (_, 400..=499) => "invalid_request_error",
        (_, _) => "server_error",
    };
    let code = code(fault.kind);
    json!({ "message": fault.public, "type": kind, "param": null, "code": code })
}

/// The word that programs tell a failed answer by; a failed answer always has one.
pub(super) fn answer_code(fault: &Fault) -> &'static str {
    code(fault.kind).unwrap_or("server_error")
}

fn code(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::NotFound => Some("model_not_found"),
        ErrorKind::QuotaExhausted => Some("insufficient_quota"),
        ErrorKind::RateLimited => Some("rate_limit_exceeded"),
        ErrorKind::Overloaded
        | ErrorKind::UpstreamFailed
        | ErrorKind::Unreachable
        | ErrorKind::Timeout
        | ErrorKind::Truncated
        | ErrorKind::Malformed
        | ErrorKind::KeyRefused
        | ErrorKind::Internal => Some("server_error"),
        ErrorKind::InvalidRequest
        | ErrorKind::Conflict
        | ErrorKind::TooLarge
        | ErrorKind::Unprocessable => None,
    }
}

#[cfg(test)]
mod tests {
    use canonical::{ErrorKind, Fault};
    use serde_json::json;

    use super::error;

    #[test]
    fn programs_can_tell_faults_apart() {
        for (kind, status, expected_type, expected_code) in [
            (ErrorKind::InvalidRequest, 400, "invalid_request_error", json!(null)),
            (ErrorKind::InvalidRequest, 401, "authentication_error", json!(null)),
            (ErrorKind::NotFound, 404, "invalid_request_error", json!("model_not_found")),
            (ErrorKind::RateLimited, 429, "rate_limit_error", json!("rate_limit_exceeded")),
            (ErrorKind::QuotaExhausted, 429, "insufficient_quota", json!("insufficient_quota")),
            (ErrorKind::Overloaded, 503, "server_error", json!("server_error")),
        ] {
            let expected = json!({ "message": "so it is", "type": expected_type, "param": null,
                "code": expected_code });
            assert_eq!(error(status, &Fault::new(kind, "so it is")), expected);
        }
    }
}
