//! What a connection's two halves know of each other: the bytes below hyper, the requests above it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::refusal::Refusal;

/// State shared by one connection's stream and the answers in progress on it.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    /// Requests passed on and not yet answered to the end.
    open: AtomicUsize,
    refusal: OnceLock<Refusal>,
}

impl Exchange {
    pub(crate) fn begin_request(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end_request(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether it is the client's turn.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.load(Ordering::Relaxed) == 0
    }

    /// Says why the stream passes nothing on after a request for [`REFUSED_TARGET`].
    ///
    /// [`REFUSED_TARGET`]: crate::strict_stream::REFUSED_TARGET
    pub(crate) fn refuse(&self, refusal: Refusal) {
        // The first reason stands: nothing is read after it.
        let _ = self.refusal.set(refusal);
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal.get().copied()
    }
}
