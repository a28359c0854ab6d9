//! A steady rate of callers, whether or not others were answered, and what came of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use testkit::faulty::Account;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::caller::{Callers, Outcome, runtime};
use super::table::percentile;

/// How many come, and what they ask.
#[derive(Clone)]
pub struct Rate {
    pub per_second: u32,
    pub streams_percent: u32,
    pub time: Duration,
    pub model: String,
    /// What their requests' names begin with.
    pub name: &'static str,
}

/// Callers that are coming.
pub struct Load {
    thread: JoinHandle<Result<Vec<Outcome>>>,
}

impl Load {
    /// Lets callers come for a time.
    pub fn start(callers: Callers, rate: Rate) -> Self {
        let thread = std::thread::spawn(move || {
            let runtime = runtime()?;
            Ok(runtime.block_on(async move {
                // On a worker, so that all of it is counted as the callers' time.
                let mut one = JoinSet::new();
                one.spawn(come(Arc::new(callers), rate));
                one.join_all().await.into_iter().flatten().collect()
            }))
        });
        Self { thread }
    }

    /// Waits until each of them was answered.
    pub fn end(self) -> Result<Vec<Outcome>> {
        self.thread.join().map_err(|_| anyhow!("the callers panicked"))?
    }
}

async fn come(callers: Arc<Callers>, rate: Rate) -> Vec<Outcome> {
    let mut asked = JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate.per_second.max(1));
    // A late tick is made up for: the rate is what it is.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let began = Instant::now();
    let mut number = 0u32;
    while began.elapsed() < rate.time {
        ticks.tick().await;
        let callers = Arc::clone(&callers);
        // Spread over every hundred, so that each second has its share.
        let is_streamed = number.wrapping_mul(37) % 100 < rate.streams_percent;
        let (request, model) = (format!("{}{number}", rate.name), rate.model.clone());
        asked.spawn(async move { callers.ask(request, &model, is_streamed).await });
        number += 1;
    }
    asked.join_all().await
}

/// What a run came to: the callers' side, and each provider's.
pub struct Run {
    pub outcomes: Vec<Outcome>,
    pub accounts: Vec<Account>,
}

impl Run {
    /// How many answers came whole.
    pub fn whole(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.is_whole()).count()
    }

    /// How often providers were asked.
    pub fn attempts(&self) -> usize {
        self.accounts.iter().map(|account| account.attempts.len()).sum()
    }

    /// The most attempts that any one request took.
    pub fn most_attempts(&self) -> usize {
        let mut counts = BTreeMap::new();
        for (request, count) in self.accounts.iter().flat_map(Account::attempts_by_request) {
            *counts.entry(request).or_insert(0) += count;
        }
        counts.into_values().max().unwrap_or_default()
    }

    /// The 99th percentile of what the gateway added to requests that went to a healthy provider at once.
    pub fn unaffected_p99(&self) -> Duration {
        let mut added = Vec::new();
        let healthy = self.accounts.iter().skip(1).flat_map(|account| &account.attempts);
        let upstream: BTreeMap<_, _> = healthy
            .filter_map(|attempt| Some((attempt.request.as_deref()?, attempt.first_byte?)))
            .collect();
        for outcome in self.outcomes.iter().filter(|outcome| outcome.attempts == 1) {
            if let Some(upstream) = upstream.get(outcome.request.as_str()) {
                added.push(outcome.first_byte.saturating_sub(*upstream));
            }
        }
        percentile(&mut added, 99)
    }
}
