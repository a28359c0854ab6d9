//! A provider's answer while it arrives, within its bounds.

use bytes::{Bytes, BytesMut};
use canonical::{ErrorKind, Fault};
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::{
    deadlines::{Clock, Phase},
    fault,
};

/// The most bytes that a reply's body may hold, however it is read.
const STREAM_LIMIT_BYTES: usize = 256 * 1024 * 1024;

/// The head of an answer, and its body to come. Dropping it cancels the request.
///
/// `headers` are the provider's own, at most 100 in 64 KiB: what goes to a caller is picked by name.
pub struct Reply {
    /// The status, redirects included.
    pub status: u16,
    /// All headers as received.
    pub headers: HeaderMap,
    /// The body, not yet read.
    pub body: ReplyBody,
}

/// The body of a [`Reply`]. Dropping it before its end closes the connection.
pub struct ReplyBody {
    /// Gone after the end and after a fault.
    incoming: Option<Incoming>,
    clock: Clock,
    /// Since when the next piece is waited for, by whichever call.
    waiting_since: Option<Instant>,
    left_bytes: usize,
}

impl ReplyBody {
    pub(crate) fn new(incoming: Incoming, clock: Clock) -> Self {
        Self {
            incoming: Some(incoming),
            clock,
            waiting_since: None,
            left_bytes: STREAM_LIMIT_BYTES,
        }
    }

    /// The next piece of the body, of any size but empty; `None` after the end and after a fault.
    ///
    /// A caller may stop waiting and call again: nothing is lost, and the idle limit still counts from the first call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`], [`ErrorKind::Truncated`] or [`ErrorKind::Malformed`].
    pub async fn chunk(&mut self) -> Option<Result<Bytes, Fault>> {
        let piece = self.piece().await;
        if !matches!(piece, Some(Ok(_))) {
            self.incoming = None;
        }
        piece
    }

    /// Reads the body to its end.
    ///
    /// # Errors
    ///
    /// Those of [`Self::chunk`], and [`ErrorKind::Malformed`] for more than `limit_bytes`.
    pub async fn collect(mut self, limit_bytes: usize) -> Result<Bytes, Fault> {
        self.left_bytes = self.left_bytes.min(limit_bytes);
        let mut collected = BytesMut::new();
        while let Some(chunk) = self.chunk().await {
            collected.extend_from_slice(&chunk?);
        }
        Ok(collected.freeze())
    }

    async fn piece(&mut self) -> Option<Result<Bytes, Fault>> {
        loop {
            let incoming = self.incoming.as_mut()?;
            let since = *self.waiting_since.get_or_insert_with(Instant::now);
            let frame = self.clock.within_since(since, Phase::Idle, incoming.frame()).await;
            self.waiting_since = None;
            let frame = match frame {
                Ok(frame) => frame?,
                Err(fault) => return Some(Err(fault)),
            };
            match frame.map(|frame| frame.into_data()) {
                Ok(Ok(data)) if data.is_empty() => {}
                Ok(Ok(data)) => return Some(self.count(data)),
                // Trailers: no dialect has any.
                Ok(Err(_)) => {}
                Err(error) => return Some(Err(fault::of_body(&error))),
            }
        }
    }

    fn count(&mut self, data: Bytes) -> Result<Bytes, Fault> {
        let left_bytes = self.left_bytes.checked_sub(data.len());
        self.left_bytes = left_bytes.ok_or_else(|| {
            Fault::new(ErrorKind::Malformed, "the provider's answer is larger than allowed")
        })?;
        Ok(data)
    }
}
