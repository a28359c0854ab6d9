//! The thread that writes batches, and takes away what has become too old.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use store::{Kept, RequestRow, Store, StoreError};

use crate::{
    queue::{Pause, Queue, Work},
    row::{self, since_1970_ms},
};

/// How often old requests are taken away.
const PURGE_EVERY: Duration = Duration::from_secs(3600);

/// How many of them at a time: each step holds the database for a moment only.
const PURGED_AT_ONCE: u32 = 500;

/// A pause between two writes, in which whoever else waits for the database gets it.
const BREATH: Duration = Duration::from_millis(2);

/// The pauses between two tries: from the shorter, doubling up to the longer.
const RETRY_PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How often the log is told that something goes wrong.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

const MS_PER_DAY: i64 = 86_400_000;

pub(crate) struct Writer {
    store: Arc<Store>,
    queue: Arc<Queue>,
    retention_days: Arc<AtomicU32>,
    next_purge: Instant,
    /// When the log may be told again.
    next_complaint: Instant,
    /// How many dropped records the log was told of.
    told_dropped: u64,
}

impl Writer {
    pub(crate) fn new(
        store: Arc<Store>,
        queue: Arc<Queue>,
        retention_days: Arc<AtomicU32>,
    ) -> Self {
        let now = Instant::now();
        // The first purge is due at once: what is too old may have become so while nothing ran.
        Self { store, queue, retention_days, next_purge: now, next_complaint: now, told_dropped: 0 }
    }

    /// Works until the queue is closed and empty, or its time is up.
    pub(crate) fn run(mut self) {
        loop {
            match self.queue.work(self.next_purge) {
                Work::Write(batch) => {
                    let rows: Vec<_> = batch.iter().map(|record| row::of(record)).collect();
                    drop(batch);
                    if self.write(&rows) == Written::OutOfTime {
                        self.queue.count_dropped(rows.len());
                        tracing::warn!(
                            records = rows.len(),
                            "records of requests were lost at shutdown"
                        );
                        return;
                    }
                }
                Work::Purge => self.purge(),
                Work::End => return,
            }
            self.complain_of_dropped();
            self.queue.pause(BREATH);
        }
    }

    /// Writes a batch, however often that takes. A record that breaks a rule of the schema is dropped alone.
    fn write(&mut self, rows: &[RequestRow]) -> Written {
        let mut pause = RETRY_PAUSES.0;
        loop {
            let error = match self.store.insert_requests(rows, self.kept()) {
                Ok(()) => return Written::Done,
                Err(error) => error,
            };
            match (&error, rows) {
                (StoreError::Internal(_), [broken]) => {
                    self.queue.count_dropped(1);
                    tracing::error!(request.id = broken.id, %error, "a record was refused");
                    return Written::Done;
                }
                (StoreError::Internal(_), rows) => {
                    let (half, rest) = rows.split_at(rows.len() / 2);
                    return match self.write(half) {
                        Written::Done => self.write(rest),
                        Written::OutOfTime => Written::OutOfTime,
                    };
                }
                (
                    StoreError::Unavailable(_)
                    | StoreError::Corrupt(_)
                    | StoreError::NameTaken
                    | StoreError::NotFound,
                    _,
                ) => {}
            }
            self.complain(&error);
            match self.queue.pause(pause) {
                Pause::Closing(deadline) if Instant::now() >= deadline => {
                    return Written::OutOfTime;
                }
                // What stands in the way may go at the last moment.
                Pause::Closing(_) => pause = RETRY_PAUSES.0,
                Pause::Over => pause = (2 * pause).min(RETRY_PAUSES.1),
            }
        }
    }

    /// Takes away some of what is too old. While there is more, the next step is due as soon as what waits is written.
    fn purge(&mut self) {
        let now = since_1970_ms(SystemTime::now());
        let kept_ms = i64::from(self.retention_days.load(Ordering::Relaxed)) * MS_PER_DAY;
        let before = match self.kept() {
            Kept::Requests => now.saturating_sub(kept_ms),
            Kept::Sums => i64::MAX,
        };
        let purged = self.store.purge_requests(before, PURGED_AT_ONCE);
        let pause = match &purged {
            Ok(requests) if *requests == PURGED_AT_ONCE as usize => BREATH,
            Ok(_) => PURGE_EVERY,
            Err(error) => {
                self.complain(error);
                COMPLAIN_EVERY
            }
        };
        self.next_purge = Instant::now() + pause;
    }

    fn kept(&self) -> Kept {
        match self.retention_days.load(Ordering::Relaxed) {
            0 => Kept::Sums,
            1.. => Kept::Requests,
        }
    }

    fn complain(&mut self, error: &StoreError) {
        if self.may_complain() {
            let (waiting, dropped) = (self.queue.len(), self.queue.dropped());
            tracing::warn!(%error, waiting, dropped, "requests can't be recorded now; trying again");
        }
    }

    fn complain_of_dropped(&mut self) {
        let dropped = self.queue.dropped();
        if dropped > self.told_dropped && self.may_complain() {
            tracing::warn!(
                dropped,
                "records of requests were dropped: they came faster than they could be written"
            );
            self.told_dropped = dropped;
        }
    }

    fn may_complain(&mut self) -> bool {
        let now = Instant::now();
        let may = now >= self.next_complaint;
        if may {
            self.next_complaint = now + COMPLAIN_EVERY;
        }
        may
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Done,
    OutOfTime,
}
