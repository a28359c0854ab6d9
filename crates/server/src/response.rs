//! Answers: how handlers make them, and the headers that all of them carry.

use std::error::Error;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use serde_json::{Value, json};
use thiserror::Error;

use crate::RequestId;

/// The body of a request or of an answer.
pub type Body = UnsyncBoxBody<Bytes, BodyFailure>;

/// One answer.
pub type Response = http::Response<Body>;

/// Why a body broke off. A broken answer aborts its connection, so that it never looks complete.
#[derive(Debug, Error)]
pub enum BodyFailure {
    /// The sender fell below the lowest rate, or stopped.
    #[error("the body arrived too slowly")]
    TooSlow,
    /// The source of the bytes failed.
    #[error(transparent)]
    Broken(Box<dyn Error + Send + Sync>),
}

const API_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// What every answer carries, unless its handler says otherwise.
const DEFAULTS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, API_POLICY),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers with a JSON value.
pub fn json(status: StatusCode, value: &Value) -> Response {
    bytes(status, "application/json", Bytes::from(value.to_string()))
}

/// Answers an error: `{"detail": sentence}`.
pub fn detail(status: StatusCode, sentence: &str) -> Response {
    json(status, &json!({ "detail": sentence }))
}

/// Answers with bytes that are all there.
pub fn bytes(status: StatusCode, content_type: &'static str, content: Bytes) -> Response {
    typed(status, content_type, full(content))
}

/// Answers with bytes as they come. A body that fails aborts the connection.
pub fn stream<B>(status: StatusCode, content_type: &'static str, body: B) -> Response
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let body = body.map_err(|failure| BodyFailure::Broken(failure.into()));
    typed(status, content_type, body.boxed_unsync())
}

/// A body of bytes that are all there.
pub(crate) fn full(content: Bytes) -> Body {
    Full::new(content).map_err(|never| match never {}).boxed_unsync()
}

/// A body of no bytes.
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn typed(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Completes an answer: the headers that all carry, and no body for HEAD.
pub(crate) fn finish(response: Response, method: &Method, request_id: RequestId) -> Response {
    let (mut parts, mut body) = response.into_parts();
    for (name, value) in DEFAULTS {
        parts.headers.entry(name).or_insert(value);
    }
    parts.headers.insert(REQUEST_ID, request_id.header_value());
    // 529 is how Anthropic's clients know an overload.
    if matches!(parts.status.as_u16(), 429 | 503 | 529) {
        parts.headers.entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
    if method == Method::HEAD {
        if let Some(length) = body.size_hint().exact() {
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        body = empty();
    }
    http::Response::from_parts(parts, body)
}
