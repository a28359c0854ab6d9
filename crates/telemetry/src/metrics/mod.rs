//! The metrics of the gateway, as Prometheus reads them.

mod bounded;
mod exposition;
mod gauges;
mod labels;
mod names;
mod process;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use canonical::Usage;
use prometheus_client::{
    metrics::{counter::Counter, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use records::{AttemptRecord, Outcome, RequestRecord, Sink};

pub use exposition::Exposition;
pub use gauges::{BreakerGauge, Gauges, ModelGauges, ProviderGauges};

use bounded::Bounded;
use gauges::Scrape;
use labels::{AttemptLabels, ErrorLabels, ModelLabels, RequestLabels, TimeLabels, TokenLabels};
use names::{Names, Standing, Target};

/// Bounds of the histograms of whole requests, in seconds: a cached embedding to a long chain of thought.
const REQUEST_BUCKETS: [f64; 14] =
    [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// Bounds of the histograms of what comes before the first byte, in seconds.
const WAIT_BUCKETS: [f64; 12] =
    [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// All metrics. Counting is some look-ups in maps; no text is made before it is asked for.
pub struct Metrics {
    registry: Registry,
    names: Arc<Names>,
    requests: Bounded<RequestLabels, Counter>,
    durations: Bounded<TimeLabels, Histogram>,
    first_bytes: Bounded<TimeLabels, Histogram>,
    queues: Bounded<TimeLabels, Histogram>,
    attempts: Bounded<AttemptLabels, Counter>,
    retries: Counter,
    tokens: Bounded<TokenLabels, Counter>,
    costs: Bounded<ModelLabels, Cost>,
    refusals: Bounded<ErrorLabels, Counter>,
}

/// US dollars: Prometheus wants base units, and its numbers are floating point anyway.
type Cost = Counter<f64, AtomicU64>;

impl Metrics {
    /// Begins to count. `gauges` is asked at every scrape for what only others know.
    #[must_use]
    pub fn new(version: &'static str, gauges: impl Fn() -> Gauges + Send + Sync + 'static) -> Self {
        let names = Arc::new(Names::new());
        let mut metrics = Self {
            registry: Registry::default(),
            names: Arc::clone(&names),
            requests: Bounded::counter(),
            durations: Bounded::new(|| Histogram::new(REQUEST_BUCKETS)),
            first_bytes: Bounded::new(|| Histogram::new(WAIT_BUCKETS)),
            queues: Bounded::new(|| Histogram::new(WAIT_BUCKETS)),
            attempts: Bounded::counter(),
            retries: Counter::default(),
            tokens: Bounded::counter(),
            costs: Bounded::new(Cost::default),
            refusals: Bounded::counter(),
        };
        metrics.register();
        let build = Info::new([("version", version)]);
        metrics.registry.register("closedpaw_build", "The running program", build);
        let scrape = Scrape { read: Box::new(gauges), names };
        metrics.registry.register_collector(Box::new(scrape));
        metrics
    }

    /// The text of all metrics.
    ///
    /// # Errors
    ///
    /// Fails only when a value can't be written, which none of ours does.
    pub fn text(&self, exposition: Exposition) -> Result<String, fmt::Error> {
        exposition.write(&self.registry)
    }

    /// Names every metric. The suffix `_total` and the unit are added by the format.
    fn register(&mut self) {
        let Self { registry, .. } = self;
        registry.register(
            "closedpaw_requests",
            "Requests that came to their end",
            self.requests.family(),
        );
        registry.register_with_unit(
            "closedpaw_request_duration",
            "From a request's coming to its end",
            Unit::Seconds,
            self.durations.family(),
        );
        registry.register_with_unit(
            "closedpaw_first_byte",
            "From a request's coming to the first byte of its answer",
            Unit::Seconds,
            self.first_bytes.family(),
        );
        registry.register_with_unit(
            "closedpaw_queue",
            "How long requests that were sent to a provider had waited for their turn",
            Unit::Seconds,
            self.queues.family(),
        );
        registry.register("closedpaw_attempts", "Tries at providers", self.attempts.family());
        registry.register(
            "closedpaw_retries",
            "Tries after a request's first one",
            self.retries.clone(),
        );
        registry.register(
            "closedpaw_tokens",
            "Tokens that providers said they consumed; reasoning is a part of output",
            self.tokens.family(),
        );
        registry.register(
            "closedpaw_cost_usd",
            "What that costs by the catalogue, in US dollars",
            self.costs.family(),
        );
        registry.register(
            "closedpaw_refusals",
            "Requests that were refused before any provider was asked",
            self.refusals.family(),
        );
    }

    fn attempt(&self, attempt: &AttemptRecord) {
        let labels = AttemptLabels {
            provider: self.names.provider(&attempt.provider),
            error: attempt.error.unwrap_or("none"),
        };
        self.attempts.get(&labels).inc();
    }

    fn usage(&self, usage: &Usage, Target { provider, model }: &Target) {
        for (kind, tokens) in [
            ("input", usage.input_tokens),
            ("cache_read", usage.cache_read_tokens),
            ("cache_write", usage.cache_write_tokens),
            ("output", usage.output_tokens),
            ("reasoning", usage.reasoning_tokens),
        ] {
            if let Some(tokens) = tokens {
                let (provider, model) = (Arc::clone(provider), Arc::clone(model));
                self.tokens.get(&TokenLabels { provider, model, r#type: kind }).inc_by(tokens);
            }
        }
    }
}

impl Sink for Metrics {
    fn settled(&self, record: &Arc<RequestRecord>) {
        let operation = record.operation.as_str();
        let standing = match record.outcome {
            Outcome::Answered => Standing::Answered,
            Outcome::Refused | Outcome::Failed | Outcome::BrokenOff | Outcome::Cancelled => {
                Standing::Asked
            }
        };
        let target =
            self.names.target(record.provider.as_deref(), record.model.as_deref(), standing);
        let Target { provider, model } = target.clone();
        let labels = TimeLabels { operation, provider: Arc::clone(&provider) };
        self.requests
            .get(&RequestLabels {
                operation,
                dialect: record.dialect,
                provider,
                model,
                outcome: record.outcome.as_str(),
            })
            .inc();
        self.durations.get(&labels).observe(seconds(record.duration));
        if let Some(first_byte) = record.first_byte {
            self.first_bytes.get(&labels).observe(seconds(first_byte));
        }
        if !record.attempts.is_empty() {
            self.queues.get(&labels).observe(seconds(record.queued));
        }
        for attempt in &record.attempts {
            self.attempt(attempt);
        }
        self.retries.inc_by(record.attempts.len().saturating_sub(1) as u64);
        self.usage(&record.usage, &target);
        if let Some(nano_usd) = record.cost_nano_usd {
            let Target { provider, model } = target;
            self.costs.get(&ModelLabels { provider, model }).inc_by(nano_usd as f64 / 1e9);
        }
        if record.outcome == Outcome::Refused {
            let error = record.error.unwrap_or("none");
            self.refusals.get(&ErrorLabels { error }).inc();
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
