//! Writes a fault as Mistral does.
//!
//! Source: <https://docs.mistral.ai/resources/error-glossary>.

use canonical::{ErrorKind, Fault};
use serde_json::{Value, json};

/// Writes the body of an error of `status`.
pub(super) fn body(status: u16, fault: &Fault) -> Value {
    if status == 401 {
        return json!({ "detail": fault.public });
    }
    let (kind, code) = match (status, fault.kind) {
        (_, ErrorKind::NotFound) => ("invalid_model", Some("1500")),
        (_, ErrorKind::RateLimited | ErrorKind::QuotaExhausted) => ("rate_limited", Some("1300")),
        (_, ErrorKind::Overloaded) => ("service_tier_capacity_exceeded", Some("3505")),
        (400..500, _) => ("invalid_request_error", None),
        (_, kind) => ("internal_server_error", Some(kind.as_str())),
    };
    json!({
        "object": "error",
        "message": fault.public,
        "type": kind,
        "param": null,
        "code": code,
        "raw_status_code": status,
    })
}

#[cfg(test)]
mod tests {
    use canonical::{ErrorKind, Fault};
    use serde_json::json;

    use super::body;

    #[test]
    fn errors_have_one_of_two_shapes() {
        let fault = Fault::new(ErrorKind::InvalidRequest, "no key");
        assert_eq!(body(401, &fault), json!({ "detail": "no key" }));
        for (status, kind, type_, code) in [
            (400, ErrorKind::InvalidRequest, "invalid_request_error", None),
            (404, ErrorKind::NotFound, "invalid_model", Some("1500")),
            (429, ErrorKind::RateLimited, "rate_limited", Some("1300")),
            (504, ErrorKind::Timeout, "internal_server_error", Some("timeout")),
        ] {
            let expected = json!({ "object": "error", "message": "m", "type": type_,
                "param": null, "code": code, "raw_status_code": status });
            assert_eq!(body(status, &Fault::new(kind, "m")), expected);
        }
    }
}
