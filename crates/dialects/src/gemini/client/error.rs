//! Writes errors.
//!
//! Source: <https://google.aip.dev/193>

use canonical::{ErrorKind, Fault};
use serde_json::{Value, json};

use crate::object::object;

/// Writes a fault that callers see with `status`. SDKs know an error in a stream by its first and only member.
pub(super) fn body(status: u16, fault: &Fault) -> Value {
    let details = fault.retry_after.map_or(Value::Null, |wait| {
        // Rounded up: who waits that long has waited long enough.
        let ms = wait.as_nanos().div_ceil(1_000_000);
        json!([{
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{}.{:03}s", ms / 1000, ms % 1000),
        }])
    });
    let error = object([
        ("code", json!(status)),
        ("message", json!(fault.public)),
        ("status", json!(word(status, fault.kind))),
        ("details", details),
    ]);
    json!({ "error": error })
}

/// The canonical code of a status. Source: `google/rpc/code.proto`
fn word(status: u16, kind: ErrorKind) -> &'static str {
    match status {
        400 if kind == ErrorKind::QuotaExhausted => "FAILED_PRECONDITION",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        400..=499 => "INVALID_ARGUMENT",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}
