//! Traces, exported by OTLP over HTTP in JSON, away from the path of requests (ADR 9).

mod collector;
mod queue;
mod spans;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use records::{RequestRecord, Sink};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use collector::Collector;

use collector::Refused;
use queue::{Batch, Queue};

/// How long things take.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Spans wait no longer than this for company.
    batch: Duration,
    /// The first wait after a failure; it doubles with every further one.
    first_wait: Duration,
    /// The longest wait.
    longest_wait: Duration,
    /// What the spans that wait at the end have to go out.
    flush: Duration,
}

const PACE: Pace = Pace {
    batch: Duration::from_secs(5),
    first_wait: Duration::from_secs(1),
    longest_wait: Duration::from_secs(60),
    flush: Duration::from_secs(2),
};

/// How often one batch is sent.
const MOST_TRIES: u32 = 5;

/// The traces of settled requests. Taking note of one costs a push to a bounded queue, whatever the collector does.
#[derive(Debug)]
pub struct Traces {
    queue: Queue,
    pace: Pace,
}

impl Traces {
    /// Begins with nothing to export.
    #[must_use]
    pub fn new() -> Self {
        Self { queue: Queue::default(), pace: PACE }
    }

    /// Spans that nobody will see: there was no room for them, or the collector did not take them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }

    /// Exports to `collector` until `stop`, and then what is left, for at most two seconds.
    pub async fn export(&self, collector: &Collector, stop: &CancellationToken) {
        let last_moment = async {
            stop.cancelled().await;
            sleep(self.pace.flush).await;
        };
        tokio::select! {
            biased;
            () = self.work(collector, stop) => {}
            () = last_moment => {}
        }
        let mut left = 0;
        while let Some(batch) = self.queue.take() {
            left += batch.records.len();
        }
        if left > 0 {
            tracing::warn!(requests = left, "traces were lost at shutdown");
        }
    }

    /// Sends batches until `stop`, then what is left.
    async fn work(&self, collector: &Collector, stop: &CancellationToken) {
        let mut wait = self.pace.first_wait;
        loop {
            if !stop.is_cancelled() {
                let full = self.queue.full.notified();
                let _either = stop.run_until_cancelled(timeout(self.pace.batch, full)).await;
            }
            while let Some(batch) = self.queue.take() {
                self.deliver(batch, collector, &mut wait, stop).await;
            }
            if stop.is_cancelled() {
                return;
            }
        }
    }

    /// Sends one batch, again where that may help.
    async fn deliver(
        &self,
        batch: Batch<'_>,
        collector: &Collector,
        wait: &mut Duration,
        stop: &CancellationToken,
    ) {
        for number in 1..=MOST_TRIES {
            let refused = match collector.send(&batch.records).await {
                Ok(rejected) => {
                    if *wait != self.pace.first_wait {
                        tracing::info!("traces are exported again");
                    }
                    *wait = self.pace.first_wait;
                    return batch.deliver(rejected);
                }
                Err(refused) => refused,
            };
            if *wait == self.pace.first_wait {
                tracing::warn!(reason = refused.reason(), "traces can't be exported");
            }
            let pause = refused.retry_after().unwrap_or(*wait).min(self.pace.longest_wait);
            *wait = (*wait * 2).min(self.pace.longest_wait);
            if stop.is_cancelled() {
                return;
            }
            let again = match refused {
                Refused::ForNow { .. } => number < MOST_TRIES,
                Refused::ForGood(_) => false,
            };
            // What is hopeless goes before the wait, so that nobody counts on it meanwhile.
            if !again {
                drop(batch);
                let _stopped = stop.run_until_cancelled(sleep(pause)).await;
                return;
            }
            let _stopped = stop.run_until_cancelled(sleep(pause)).await;
        }
    }
}

impl Default for Traces {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Traces {
    fn settled(&self, record: &Arc<RequestRecord>) {
        if spans::is_sampled(record) {
            self.queue.push(record);
        }
    }
}
