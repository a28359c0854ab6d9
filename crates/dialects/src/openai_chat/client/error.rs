//! Writes a fault as OpenAI does.
//!
//! Source: <https://platform.openai.com/docs/guides/error-codes>. All four members are always there.

use canonical::{ErrorKind, Fault, Origin};
use serde_json::{Value, json};

/// Writes the body of an error of `status`, which is a chunk of its own once a stream has begun.
pub(super) fn body(status: u16, fault: &Fault) -> Value {
    let (kind, code) = kind_and_code(status, fault.kind);
    let error =
        json!({ "message": fault.public, "type": kind, "param": param(fault), "code": code });
    json!({ "error": error })
}

fn kind_and_code(status: u16, kind: ErrorKind) -> (&'static str, Option<&'static str>) {
    const INVALID: &str = "invalid_request_error";
    match (status, kind) {
        (401, _) => (INVALID, Some("invalid_api_key")),
        (_, ErrorKind::NotFound) => (INVALID, Some("model_not_found")),
        (_, ErrorKind::QuotaExhausted) => ("insufficient_quota", Some("insufficient_quota")),
        (_, ErrorKind::RateLimited) => ("requests", Some("rate_limit_exceeded")),
        (400..500, _) => (INVALID, None),
        (_, kind) => ("server_error", Some(kind.as_str())),
    }
}

/// The member that is to blame, where the sentence begins with it.
fn param(fault: &Fault) -> Option<&str> {
    if fault.origin != Origin::Downstream || fault.upstream_status.is_some() {
        return None;
    }
    fault.public.strip_prefix('`')?.split_once('`').map(|(member, _)| member)
}

#[cfg(test)]
mod tests {
    use canonical::{ErrorKind, Fault};
    use serde_json::json;

    use super::body;

    #[test]
    fn every_member_is_always_there() {
        let invalid = "invalid_request_error";
        for (status, kind, public, type_, param, code) in [
            (400, ErrorKind::InvalidRequest, "`n` must be 1", invalid, Some("n"), None),
            (400, ErrorKind::InvalidRequest, "no `n` here", invalid, None, None),
            (401, ErrorKind::InvalidRequest, "no key", invalid, None, Some("invalid_api_key")),
            (404, ErrorKind::NotFound, "no model", invalid, None, Some("model_not_found")),
            (429, ErrorKind::RateLimited, "slow", "requests", None, Some("rate_limit_exceeded")),
            (
                429,
                ErrorKind::QuotaExhausted,
                "pay",
                "insufficient_quota",
                None,
                Some("insufficient_quota"),
            ),
            (503, ErrorKind::Overloaded, "busy", "server_error", None, Some("overloaded")),
        ] {
            let expected = json!({ "error": {
                "message": public, "type": type_, "param": param, "code": code
            } });
            assert_eq!(body(status, &Fault::new(kind, public)), expected);
        }
        let theirs = Fault::new(ErrorKind::InvalidRequest, "`n` is bad").with_upstream_status(400);
        assert_eq!(body(400, &theirs)["error"]["param"], json!(null));
    }
}
