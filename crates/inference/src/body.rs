//! The body of a call, and what its headers ask for.

use bytes::Bytes;
use canonical::{ErrorKind, Fault};
use http::{HeaderMap, header::CONTENT_ENCODING};
use server::{BodyError, Call};

/// The longest body that is taken: what the largest provider takes.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Reads the body, and whether the call is to be refused when something of it would get lost.
///
/// # Errors
///
/// Fails when the body is too long, too slow, broken or compressed, or when the header says neither yes nor no.
pub(crate) async fn read(call: &mut Call) -> Result<(Bytes, bool), Fault> {
    let encoding = call.headers.get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let sentence = "the request body is compressed: send it without Content-Encoding";
        return Err(Fault::invalid_request(sentence));
    }
    let strict = is_strict(&call.headers)?;
    let body = call.body(MOST_BYTES).await.map_err(|error| {
        let kind = match error {
            BodyError::TooLarge { .. } => ErrorKind::TooLarge,
            BodyError::TooSlow | BodyError::Broken(_) => ErrorKind::InvalidRequest,
        };
        Fault::new(kind, error.to_string())
    })?;
    Ok((body, strict))
}

/// What the header says.
fn is_strict(headers: &HeaderMap) -> Result<bool, Fault> {
    match headers.get("x-closedpaw-strict").map(|value| value.as_bytes().to_ascii_lowercase()) {
        None => Ok(false),
        Some(value) if value == b"true" => Ok(true),
        Some(value) if value == b"false" => Ok(false),
        Some(_) => Err(Fault::invalid_request("x-closedpaw-strict must be true or false")),
    }
}
