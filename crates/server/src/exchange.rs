//! What a connection's two halves know of each other: the bytes below hyper, the requests above it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::refusal::Refusal;

/// State shared by one connection's stream and the answers in progress on it.
#[derive(Debug, Default)]
pub(crate) struct Exchange(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Requests passed on whose answers still have bytes to give.
    open: usize,
    /// hyper holds bytes of answers that the socket has not taken.
    unwritten: bool,
    /// Who waits for there to be neither.
    waiting: Option<Waker>,
    refusal: Option<Refusal>,
    reset: bool,
}

impl Exchange {
    pub(crate) fn begin_request(&self) {
        self.state().open += 1;
    }

    /// The answer's last byte was given to hyper, which may take long to write it.
    pub(crate) fn end_request(&self) {
        let mut state = self.state();
        state.open -= 1;
        state.unwritten = true;
    }

    /// Everything given to hyper so far has been written.
    pub(crate) fn note_flush(&self) {
        let mut state = self.state();
        state.unwritten = false;
        if state.open == 0
            && let Some(waiting) = state.waiting.take()
        {
            drop(state);
            waiting.wake();
        }
    }

    /// Ready when it is the client's turn. hyper does not ask for more bytes just because an answer
    /// has ended, so whoever waits here is woken.
    pub(crate) fn poll_idle(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.open == 0 && !state.unwritten {
            return Poll::Ready(());
        }
        state.waiting = Some(context.waker().clone());
        Poll::Pending
    }

    /// Says why the stream passes nothing on after the request that stands for a refused one.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.state().refusal = Some(refusal);
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.state().refusal
    }

    /// Says that the connection must not end as if all were well.
    pub(crate) fn reset(&self) {
        self.state().reset = true;
    }

    pub(crate) fn is_reset(&self) -> bool {
        self.state().reset
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
