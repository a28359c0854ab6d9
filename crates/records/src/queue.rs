//! What waits to be written: bounded in number and in bytes, and never in the way of who adds to it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{AttemptRecord, RequestRecord};

/// Records that may wait.
pub(crate) const MOST_RECORDS: usize = 10_000;

/// Bytes that they may hold: callers choose the names of models.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Records that are written together.
pub(crate) const MOST_IN_BATCH: usize = 500;

/// How long the first of a batch waits for others.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// What waits to be written. When it is full, what comes is dropped and counted: the old is nearer to being written,
/// and making room would hold up the request that has just ended.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Told of what wakes the writer: a first record, a full batch, a changed setting, the end.
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Arc<RequestRecord>>,
    bytes: usize,
    /// When the oldest came, or one before it; set while anything waits.
    since: Option<Instant>,
    /// Until when what is left may be written; set at the end.
    closing: Option<Instant>,
    /// Whether old requests are to be taken away before the hour is over.
    purge: bool,
}

/// What there is to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// Records to write, at least one.
    Write(Vec<Arc<RequestRecord>>),
    /// Old requests to take away.
    Purge,
    /// Nothing more, for good.
    End,
}

/// Whether a pause came to its end, or the end came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    Over,
    /// The end has come; whoever pauses may try until then.
    Closing(Instant),
}

impl Queue {
    /// Adds a record, or drops it where there is no room, or no more writer.
    pub(crate) fn push(&self, record: &Arc<RequestRecord>) {
        let bytes = bytes(record);
        let mut state = self.state();
        let is_full = state.waiting.len() >= MOST_RECORDS || state.bytes + bytes > MOST_BYTES;
        if is_full || state.closing.is_some() {
            drop(state);
            self.count_dropped(1);
            return;
        }
        state.bytes += bytes;
        state.waiting.push_back(Arc::clone(record));
        let waiting = state.waiting.len();
        if waiting == 1 {
            state.since = Some(Instant::now());
        }
        drop(state);
        if matches!(waiting, 1 | MOST_IN_BATCH) {
            self.changed.notify_one();
        }
    }

    /// Waits for something to do, but no longer than until `next_purge`. Writing goes first.
    pub(crate) fn work(&self, next_purge: Instant) -> Work {
        let mut state = self.state();
        loop {
            let now = Instant::now();
            let due = state.since.map(|since| since + LONGEST_WAIT);
            let is_closing = state.closing.is_some();
            let is_full = state.waiting.len() >= MOST_IN_BATCH;
            if due.is_some_and(|due| is_full || is_closing || now >= due) {
                return Work::Write(state.batch());
            }
            if is_closing {
                return Work::End;
            }
            if state.purge || now >= next_purge {
                state.purge = false;
                return Work::Purge;
            }
            let until = due.map_or(next_purge, |due| due.min(next_purge));
            state = self.wait(state, until.saturating_duration_since(now));
        }
    }

    /// Waits, or less where the end comes.
    pub(crate) fn pause(&self, pause: Duration) -> Pause {
        let until = Instant::now() + pause;
        let mut state = self.state();
        // A second time while closing, the pause is kept: there is nothing else to be woken for.
        let was_closing = state.closing.is_some();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match state.closing {
                Some(deadline) if !was_closing || left.is_zero() => {
                    return Pause::Closing(deadline);
                }
                None if left.is_zero() => return Pause::Over,
                Some(_) | None => state = self.wait(state, left),
            }
        }
    }

    /// Has old requests taken away soon.
    pub(crate) fn ask_for_purge(&self) {
        self.state().purge = true;
        self.changed.notify_one();
    }

    /// Takes nothing more; what is left may be written until `deadline`.
    pub(crate) fn close(&self, deadline: Instant) {
        self.state().closing.get_or_insert(deadline);
        self.changed.notify_one();
    }

    /// Gives up what still waits, and counts it.
    pub(crate) fn give_up(&self) -> usize {
        let mut state = self.state();
        state.closing.get_or_insert_with(Instant::now);
        state.bytes = 0;
        state.since = None;
        let left = std::mem::take(&mut state.waiting).len();
        drop(state);
        self.count_dropped(left);
        left
    }

    /// How many records wait.
    pub(crate) fn len(&self) -> usize {
        self.state().waiting.len()
    }

    /// How many records were dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn count_dropped(&self, records: usize) {
        self.dropped.fetch_add(records as u64, Ordering::Relaxed);
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, most: Duration) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, most);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn batch(&mut self) -> Vec<Arc<RequestRecord>> {
        let count = self.waiting.len().min(MOST_IN_BATCH);
        let batch: Vec<_> = self.waiting.drain(..count).collect();
        let bytes: usize = batch.iter().map(|record| bytes(record)).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        // What is left came before now, and needs not wait for more.
        self.since = self.since.filter(|_| !self.waiting.is_empty());
        batch
    }
}

/// About how much memory a record holds.
fn bytes(record: &RequestRecord) -> usize {
    let texts =
        [&record.project, &record.route, &record.provider, &record.model, &record.traceparent];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let attempt = |attempt: &AttemptRecord| {
        size_of::<AttemptRecord>()
            + attempt.provider.len()
            + attempt.model.len()
            + attempt.reason.len()
    };
    let attempts: usize = record.attempts.iter().map(attempt).sum();
    size_of::<RequestRecord>()
        + record.id.len()
        + record.key.len()
        + record.asked_model.len()
        + texts
        + attempts
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use super::{MOST_RECORDS, Queue, Work};
    use crate::{RequestRecord, tests::record};

    #[test]
    fn it_is_bounded_in_number() {
        let queue = Queue::default();
        let record = Arc::new(record("a"));
        (0..MOST_RECORDS + 5).for_each(|_| queue.push(&record));
        assert_eq!((queue.len(), queue.dropped()), (MOST_RECORDS, 5));
    }

    #[test]
    fn it_is_bounded_in_bytes_and_takes_more_once_there_is_room() {
        let queue = Queue::default();
        let mebibyte = "m".repeat(1 << 20);
        let large = Arc::new(RequestRecord { asked_model: mebibyte, ..record("a") });
        (0..100).for_each(|_| queue.push(&large));
        assert_eq!((queue.len(), queue.dropped()), (63, 37));
        queue.close(Instant::now());
        assert!(matches!(queue.work(Instant::now()), Work::Write(batch) if batch.len() == 63));
        assert_eq!(queue.state().bytes, 0);
    }

    #[test]
    fn it_drops_the_newest() {
        let queue = Queue::default();
        (0..MOST_RECORDS + 5).for_each(|id| queue.push(&Arc::new(record(&id.to_string()))));
        queue.close(Instant::now());
        let mut ids = Vec::new();
        while let Work::Write(batch) = queue.work(Instant::now()) {
            assert!(batch.len() <= super::MOST_IN_BATCH);
            ids.extend(batch.iter().map(|record| record.id.clone()));
        }
        assert!(ids.iter().eq(&(0..MOST_RECORDS).map(|id| id.to_string()).collect::<Vec<_>>()));
    }

    #[test]
    fn nothing_is_taken_after_the_end() {
        let queue = Queue::default();
        queue.close(Instant::now());
        queue.push(&Arc::new(record("late")));
        assert_eq!((queue.len(), queue.dropped()), (0, 1));
        assert!(matches!(queue.work(Instant::now()), Work::End));
    }
}
