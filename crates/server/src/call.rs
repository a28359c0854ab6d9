//! One call of a route: what its handler is given.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt;
use keys::Caller;
use thiserror::Error;

use crate::response::detail;
use crate::{Body, BodyFailure, LogSlot, RequestId, Response};

/// A request that passed every check of the door and is on its way to its route's handler.
#[derive(Debug)]
pub struct Call {
    /// The name that the answer's `x-request-id` and the log line carry.
    pub request_id: RequestId,
    /// Who calls.
    pub caller: Arc<Caller>,
    /// Takes notes for the log line of this request.
    pub log: Arc<LogSlot>,
    /// The method as sent; HEAD reaches handlers of GET.
    pub method: Method,
    /// What stands after `?`, still percent-encoded.
    pub query: Option<String>,
    /// The headers as sent, credentials included.
    pub headers: HeaderMap,
    /// Who is connected to us: a reverse proxy, when there is one.
    pub peer: SocketAddr,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// Why a request's body could not be had.
#[derive(Debug, Error)]
pub enum BodyError {
    /// It is, or says that it will be, longer than the route takes.
    #[error("the request body is larger than {limit_bytes} bytes, the most that is taken here")]
    TooLarge {
        /// The most that the route takes.
        limit_bytes: usize,
    },
    /// It came too slowly, or stopped.
    #[error("the request body arrived too slowly: send it without pauses")]
    TooSlow,
    /// It ended early, or its chunks were malformed.
    #[error("the request body could not be read: {0}")]
    Broken(String),
}

impl Call {
    /// What the path has in the place of `{name}`, percent-decoded.
    pub fn param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.params.iter().find(|(param, _)| param == name)?;
        Some(value)
    }

    /// Reads the whole body; a second call gets nothing.
    ///
    /// # Errors
    ///
    /// Fails when the body has more than `limit_bytes` (before reading any, if its length is
    /// announced), when it comes too slowly, and when it breaks off.
    pub async fn body(&mut self, limit_bytes: usize) -> Result<Bytes, BodyError> {
        let too_large = BodyError::TooLarge { limit_bytes };
        if self.body.size_hint().lower() > limit_bytes as u64 {
            return Err(too_large);
        }
        let mut content = BytesMut::new();
        while let Some(frame) = self.body.frame().await {
            if let Ok(data) = frame?.into_data() {
                if content.len() + data.len() > limit_bytes {
                    return Err(too_large);
                }
                content.extend_from_slice(&data);
            }
        }
        Ok(content.freeze())
    }
}

impl BodyError {
    fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<BodyFailure> for BodyError {
    fn from(failure: BodyFailure) -> Self {
        match failure {
            BodyFailure::TooSlow => Self::TooSlow,
            BodyFailure::Broken(error) => {
                // The innermost cause says what was wrong; the layers above only that it was.
                let mut cause: &dyn std::error::Error = error.as_ref();
                while let Some(source) = cause.source() {
                    cause = source;
                }
                Self::Broken(cause.to_string())
            }
        }
    }
}

impl From<BodyError> for Response {
    fn from(error: BodyError) -> Self {
        detail(error.status(), &error.to_string())
    }
}
