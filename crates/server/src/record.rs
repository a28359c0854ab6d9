//! The one log line of a request, written when its answer has ended, however it ended.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

use crate::exchange::Exchange;
use crate::{Body, BodyFailure, RequestId};

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
    exchange: Arc<Exchange>,
    began: Instant,
    end: End,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Complete,
    Cut,
}

impl Record {
    pub(crate) fn new(method: Method, peer: SocketAddr, exchange: Arc<Exchange>) -> Self {
        let request_id = RequestId::random();
        let began = Instant::now();
        let (route, status, end) = (None, None, End::Cut);
        Self { request_id, method, peer, route, status, exchange, began, end }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.exchange.end_request();
        tracing::info!(
            request.id = %self.request_id,
            http.method = %self.method,
            http.route = self.route,
            http.status = self.status.map(|status| status.as_u16()),
            duration_ms = self.began.elapsed().as_secs_f64() * 1000.0,
            peer = %self.peer,
            "{}",
            match self.end {
                End::Complete => "answered",
                End::Cut => "cut off before the end of the answer",
            }
        );
    }
}

/// An answer's body that holds its request's record.
#[derive(Debug)]
pub(crate) struct RecordedBody {
    body: Body,
    record: Record,
}

impl RecordedBody {
    pub(crate) fn new(body: Body, record: Record) -> Self {
        let mut recorded = Self { body, record };
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
        let poll = Pin::new(&mut this.body).poll_frame(context);
        match &poll {
            Poll::Ready(None) => this.record.end = End::Complete,
            Poll::Ready(Some(Ok(_))) => this.note_end(),
            Poll::Ready(Some(Err(failure))) => {
                let request_id = this.record.request_id;
                tracing::warn!(request.id = %request_id, error = %failure, "answer broke off");
            }
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
