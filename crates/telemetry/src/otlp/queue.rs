//! Settled requests that wait to be exported: so many spans and no more, the newest dropped first.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use records::RequestRecord;
use tokio::sync::Notify;

/// Spans that wait.
pub(super) const MOST_SPANS: usize = 2048;

/// Spans that are sent at once.
pub(super) const BATCH_SPANS: usize = 512;

/// Bytes of a name that a caller may have chosen.
const MOST_NAME_BYTES: usize = 256;

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Told when there is enough for a batch.
    pub(super) full: Notify,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    records: VecDeque<Arc<RequestRecord>>,
    spans: usize,
}

/// Requests that were taken out to be sent. Their spans count as dropped unless they are delivered.
#[derive(Debug)]
pub(super) struct Batch<'q> {
    pub(super) records: Vec<Arc<RequestRecord>>,
    queue: &'q Queue,
    spans: usize,
}

impl Queue {
    /// Adds a request, if there is room for all its spans.
    pub(super) fn push(&self, record: &Arc<RequestRecord>) {
        let spans = spans(record);
        let mut state = self.state();
        if state.spans + spans > MOST_SPANS {
            drop(state);
            return self.drop_spans(spans);
        }
        state.spans += spans;
        state.records.push_back(bounded(record));
        if state.spans >= BATCH_SPANS {
            self.full.notify_one();
        }
    }

    /// Takes out the oldest requests, as many as a batch holds; none where nothing waits.
    pub(super) fn take(&self) -> Option<Batch<'_>> {
        let mut state = self.state();
        let mut batch = Batch { records: Vec::new(), queue: self, spans: 0 };
        while batch.spans < BATCH_SPANS
            && let Some(record) = state.records.pop_front()
        {
            batch.spans += spans(&record);
            batch.records.push(record);
        }
        state.spans -= batch.spans;
        (!batch.records.is_empty()).then_some(batch)
    }

    /// Counts spans that nobody will see.
    pub(super) fn drop_spans(&self, spans: usize) {
        self.dropped.fetch_add(spans as u64, Ordering::Relaxed);
    }

    /// Spans that nobody will see.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch<'_> {
    /// Notes that the collector took all but `rejected` of its spans.
    pub(super) fn deliver(mut self, rejected: usize) {
        self.spans = rejected.min(self.spans);
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.queue.drop_spans(self.spans);
    }
}

/// Spans of one request: its own, and one for each try.
fn spans(record: &RequestRecord) -> usize {
    1 + record.attempts.len()
}

/// The record, with short names only: what waits must not hold more memory than so many spans may.
fn bounded(record: &Arc<RequestRecord>) -> Arc<RequestRecord> {
    let names = [Some(&record.asked_model), record.model.as_ref()];
    let tried = record.attempts.iter().map(|attempt| &attempt.model);
    if names.into_iter().flatten().chain(tried).all(|name| name.len() <= MOST_NAME_BYTES) {
        return Arc::clone(record);
    }
    let mut short = RequestRecord::clone(record);
    cut(&mut short.asked_model);
    short.model.iter_mut().for_each(cut);
    short.attempts.iter_mut().for_each(|attempt| cut(&mut attempt.model));
    Arc::new(short)
}

fn cut(name: &mut String) {
    name.truncate(name.floor_char_boundary(MOST_NAME_BYTES));
    name.shrink_to_fit();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn what_finds_no_room_is_dropped_and_counted() {
        let queue = Queue::default();
        let record = sample::settled();
        let each = spans(&record);
        assert_eq!(each, 3);
        for _ in 0..100_000 {
            queue.push(&record);
        }
        let kept = MOST_SPANS / each;
        assert_eq!(queue.state().records.len(), kept);
        assert_eq!(queue.dropped(), ((100_000 - kept) * each) as u64);
    }

    #[test]
    fn a_batch_that_is_not_delivered_counts_as_dropped() {
        let queue = Queue::default();
        for _ in 0..200 {
            queue.push(&sample::settled());
        }
        let batch = queue.take().unwrap();
        assert_eq!(batch.records.len(), BATCH_SPANS.div_ceil(3));
        batch.deliver(0);
        assert_eq!(queue.dropped(), 0);
        queue.take().unwrap().deliver(1);
        assert_eq!(queue.dropped(), 1, "what the collector rejected");
        assert!(queue.take().is_none());
        queue.push(&sample::settled());
        drop(queue.take());
        assert_eq!(queue.dropped(), 4);
    }

    #[test]
    fn a_long_name_is_cut_and_a_short_one_not_copied() {
        let queue = Queue::default();
        let short = sample::settled();
        queue.push(&short);
        let mut long = sample::record();
        long.asked_model = "é".repeat(1_000_000);
        long.attempts[0].model = "é".repeat(1_000_000);
        queue.push(&Arc::new(long));
        let batch = queue.take().unwrap();
        assert!(Arc::ptr_eq(&batch.records[0], &short));
        assert_eq!(batch.records[1].asked_model, "é".repeat(MOST_NAME_BYTES / 2));
        assert!(batch.records[1].attempts[0].model.capacity() <= MOST_NAME_BYTES);
    }
}
