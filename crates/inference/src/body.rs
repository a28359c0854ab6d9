//! The body of a call, and what its headers ask for.

use bytes::Bytes;
use canonical::{ErrorKind, Fault};
use http::{HeaderMap, header::CONTENT_ENCODING};
use server::{BodyError, Call};

/// The longest body that is taken: what the largest provider takes.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Reads the body.
///
/// # Errors
///
/// Fails when it is too long, too slow, broken or compressed.
pub(crate) async fn read(call: &mut Call) -> Result<Bytes, Fault> {
    let encoding = call.headers.get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let sentence = "the request body is compressed: send it without Content-Encoding";
        return Err(Fault::new(ErrorKind::InvalidRequest, sentence));
    }
    call.body(MOST_BYTES).await.map_err(|error| {
        let kind = match error {
            BodyError::TooLarge { .. } => ErrorKind::TooLarge,
            BodyError::TooSlow | BodyError::Broken(_) => ErrorKind::InvalidRequest,
        };
        Fault::new(kind, error.to_string())
    })
}

/// Whether a call is to be refused when something of it would get lost.
pub(crate) fn is_strict(headers: &HeaderMap) -> bool {
    headers
        .get("x-closedpaw-strict")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}
