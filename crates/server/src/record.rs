//! The one log line of a request, written when its answer has ended, however it ended.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

use crate::exchange::Exchange;
use crate::log_line;
use crate::{Body, BodyFailure, LogSlot, RequestId};

/// What is known of a request so far. Dropping it writes the line and ends the request.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) request_id: RequestId,
    pub(crate) method: Method,
    pub(crate) peer: SocketAddr,
    /// The matched pattern; never the path, which may hold anything.
    pub(crate) route: Option<&'static str>,
    /// None when the client left before there was an answer.
    pub(crate) status: Option<StatusCode>,
    /// What others have to say on the line.
    pub(crate) log: Arc<LogSlot>,
    version: Version,
    exchange: Arc<Exchange>,
    pub(crate) began: Instant,
    pub(crate) end: End,
}

/// How far the answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    Cut,
}

impl Record {
    pub(crate) fn new<B>(request: &Request<B>, peer: SocketAddr, exchange: Arc<Exchange>) -> Self {
        Self {
            request_id: RequestId::random(),
            method: request.method().clone(),
            version: request.version(),
            peer,
            route: None,
            status: None,
            log: Arc::default(),
            exchange,
            began: Instant::now(),
            end: End::Cut,
        }
    }

    fn note_failure(&self, failure: &BodyFailure) {
        self.log.note_source(failure);
        // In HTTP/1.0 an answer ends where its connection does: closing would look like the end.
        if self.version == Version::HTTP_10 {
            self.exchange.reset();
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.exchange.end_request();
        log_line::write(self);
    }
}

/// An answer's body that holds its request's record.
#[derive(Debug)]
pub(crate) struct RecordedBody {
    body: Body,
    failure: Option<BodyFailure>,
    record: Record,
}

impl RecordedBody {
    pub(crate) fn new(body: Body, record: Record) -> Self {
        let mut recorded = Self { body, failure: None, record };
        recorded.note_end();
        recorded
    }

    fn note_end(&mut self) {
        if self.body.is_end_stream() {
            self.record.end = End::Complete;
        }
    }
}

impl HttpBody for RecordedBody {
    type Data = Bytes;
    type Error = BodyFailure;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        let this = self.get_mut();
        if let Some(failure) = this.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        let poll = Pin::new(&mut this.body).poll_frame(context);
        match poll {
            Poll::Ready(Some(Err(failure))) => {
                this.record.note_failure(&failure);
                // hyper drops what it has not written when it hears of the failure, so let it write
                // first.
                this.failure = Some(failure);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(None) => this.record.end = End::Complete,
            Poll::Ready(Some(Ok(_))) => this.note_end(),
            Poll::Pending => {}
        }
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
