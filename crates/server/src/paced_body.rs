//! A request's body that must keep coming.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::deadline::Deadline;
use crate::{BodyFailure, Limits};

/// Fails after a pause, and when the average rate since the first read is too low.
#[derive(Debug)]
pub(crate) struct PacedBody {
    body: Incoming,
    limits: Arc<Limits>,
    began: Option<Instant>,
    received_bytes: u64,
    deadline: Deadline,
}

impl PacedBody {
    pub(crate) fn new(body: Incoming, limits: Arc<Limits>) -> Self {
        Self { body, limits, began: None, received_bytes: 0, deadline: Deadline::default() }
    }

    /// The moment by which more must come: a pause from now, unless the rate runs out before.
    fn patience_ends(&self, began: Instant) -> Instant {
        let rate = f64::from(self.limits.body_bytes_per_s);
        let earned = Duration::try_from_secs_f64(self.received_bytes as f64 / rate);
        let pause = self.limits.body_idle;
        (Instant::now() + pause).min(began + pause + earned.unwrap_or(pause))
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = BodyFailure;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        let this = self.get_mut();
        let began = *this.began.get_or_insert_with(Instant::now);
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.deadline.clear();
            if let Some(Ok(frame)) = &frame {
                this.received_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            let failed = |error: hyper::Error| BodyFailure::Broken(error.into());
            return Poll::Ready(frame.map(|frame| frame.map_err(failed)));
        }
        let ends = this.patience_ends(began);
        let expired = this.deadline.poll_set(context, || ends);
        expired.map(|()| Some(Err(BodyFailure::TooSlow)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
