//! What the one log line of a request tells beyond the exchange: who asked, and what became of it.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use keys::{Caller, CallerId};
use records::{RequestRecord, Sink};

/// Characters of a text that callers or providers chose.
const MOST_CHARACTERS: usize = 200;

/// Notes for a request's log line. It is written when the answer has ended, from what was noted until then.
///
/// As a [`Sink`] it takes the settled record. Never note anything that was said in a request or an answer.
#[derive(Debug, Default)]
pub struct LogSlot(Mutex<Notes>);

/// What was noted.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) caller: Option<Arc<Caller>>,
    pub(crate) record: Option<Arc<RequestRecord>>,
    pub(crate) dropped: Option<String>,
    pub(crate) source: Option<String>,
}

impl LogSlot {
    /// Notes what of the request or the answer could not be said; a later note replaces an earlier one.
    pub fn note_dropped(&self, losses: impl Display) {
        self.notes().dropped = Some(losses.to_string());
    }

    /// Notes what lies behind a failure, which only the log may know: a fault's `source`, not its `public` sentence,
    /// which may repeat what was asked. A later note replaces an earlier one.
    pub fn note_source(&self, source: impl Display) {
        self.notes().source = Some(cut(&source.to_string()));
    }

    /// Notes who asked.
    pub(crate) fn note_caller(&self, caller: &Arc<Caller>) {
        if caller.id != CallerId::Nobody {
            self.notes().caller = Some(Arc::clone(caller));
        }
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> Notes {
        std::mem::take(&mut self.notes())
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for LogSlot {
    fn settled(&self, record: &Arc<RequestRecord>) {
        self.notes().record = Some(Arc::clone(record));
    }
}

/// A text that somebody else chose, as far as a line has room for it.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
