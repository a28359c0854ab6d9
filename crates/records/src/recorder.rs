//! The recorder: takes note of requests at once, and writes them down a little later.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use store::Store;
use tokio::sync::watch;

use crate::{RequestRecord, Sink, queue::Queue, writer::Writer};

/// Writes what became of requests to the store, in batches and on a thread of its own, so that no disk holds up a
/// request. A full, locked or failing one is tried again and again while records wait; those that find no more room are
/// dropped and counted.
#[derive(Debug)]
pub struct Recorder {
    queue: Arc<Queue>,
    retention_days: Arc<AtomicU32>,
    /// Turns true when the thread has ended.
    ended: watch::Receiver<bool>,
}

impl Recorder {
    /// Starts to write to `store`, where requests are kept for `retention_days`; with 0 only sums are.
    ///
    /// # Errors
    ///
    /// Fails when the operating system gives no thread.
    pub fn start(store: Arc<Store>, retention_days: u32) -> io::Result<Arc<Self>> {
        let queue = Arc::new(Queue::default());
        let retention_days = Arc::new(AtomicU32::new(retention_days));
        let (end, ended) = watch::channel(false);
        let writer = Writer::new(store, Arc::clone(&queue), Arc::clone(&retention_days));
        thread::Builder::new().name("records".to_owned()).spawn(move || {
            writer.run();
            end.send_replace(true);
        })?;
        Ok(Arc::new(Self { queue, retention_days, ended }))
    }

    /// Changes for how many days requests are kept, and takes away soon what is too old.
    pub fn set_retention(&self, days: u32) {
        if self.retention_days.swap(days, Ordering::Relaxed) != days {
            self.queue.ask_for_purge();
        }
    }

    /// How many records were dropped because there was no room for them, or nobody to write them any more.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }

    /// How many records wait to be written.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Writes what still waits and ends, within `limit`. What can't be written by then is dropped.
    pub async fn close(&self, limit: Duration) {
        self.queue.close(Instant::now() + limit);
        let mut ended = self.ended.clone();
        // A disk that doesn't answer at all holds the thread, but not the shutdown.
        let _in_time = tokio::time::timeout(limit, ended.wait_for(|ended| *ended)).await;
        let given_up = self.queue.give_up();
        if given_up > 0 {
            tracing::warn!(records = given_up, "records of requests were lost at shutdown");
        }
    }
}

impl Sink for Recorder {
    fn settled(&self, record: &Arc<RequestRecord>) {
        self.queue.push(record);
    }
}

impl Drop for Recorder {
    /// Lets the thread write what waits, without waiting for it.
    fn drop(&mut self) {
        self.queue.close(Instant::now());
    }
}
