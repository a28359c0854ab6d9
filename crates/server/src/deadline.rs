//! A deadline for something that is polled.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Set by the first poll that waits, cleared by progress.
#[derive(Debug, Default)]
pub(crate) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Ready once `limit` has passed since the first call after the last [`Deadline::clear`].
    pub(crate) fn poll_after(&mut self, limit: Duration, context: &mut Context<'_>) -> Poll<()> {
        self.poll_set(context, || Instant::now() + limit)
    }

    /// Ready once the moment has come that `at` named at the first call after the last
    /// [`Deadline::clear`].
    pub(crate) fn poll_set(
        &mut self,
        context: &mut Context<'_>,
        at: impl FnOnce() -> Instant,
    ) -> Poll<()> {
        self.0.get_or_insert_with(|| Box::pin(sleep_until(at()))).as_mut().poll(context)
    }

    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }
}
