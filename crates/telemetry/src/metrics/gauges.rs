//! What is read at the moment of a scrape, told by whoever knows it.

use std::{collections::BTreeMap, fmt};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};

use super::{
    labels::{ModelLabels, ProviderLabels},
    names::{Names, Standing},
    process::Process,
};

/// The state of the gateway at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauges {
    /// Every provider.
    pub providers: Vec<ProviderGauges>,
    /// Models whose breaker has something to tell.
    pub models: Vec<ModelGauges>,
    /// The generation of the configuration.
    pub config_generation: u64,
    /// Records of requests that were dropped because they could not be written in time.
    pub records_dropped: u64,
    /// Spans that were dropped because the collector did not take them in time.
    pub spans_dropped: u64,
    /// Lines of the log that were dropped because nobody took them in time.
    pub log_lines_dropped: u64,
}

/// The state of one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderGauges {
    /// Its registered name.
    pub provider: String,
    /// Requests that it is answering.
    pub in_flight: u64,
    /// Requests that wait for their turn.
    pub waiting: u64,
    /// Its keys that are parked.
    pub parked_keys: u64,
}

/// The state of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelGauges {
    /// Its provider's registered name.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Its breaker.
    pub breaker: BreakerGauge,
}

/// The state of a breaker, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakerGauge {
    /// 0: requests pass.
    Closed,
    /// 1: one at a time passes, for a trial.
    HalfOpen,
    /// 2: none pass.
    Open,
}

/// Asks for the state at a scrape.
pub(super) struct Scrape {
    pub(super) read: Box<dyn Fn() -> Gauges + Send + Sync>,
    pub(super) names: std::sync::Arc<Names>,
}

impl fmt::Debug for Scrape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Scrape").finish_non_exhaustive()
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let gauges = (self.read)();
        self.providers(&gauges, &mut encoder)?;
        let breakers = self.breakers(&gauges.models);
        let breakers = breakers.into_iter().map(|(labels, state)| (labels, state as i64));
        rows(&mut encoder, BREAKER, None, breakers)?;
        let generation = as_gauge(gauges.config_generation);
        single(&mut encoder, GENERATION, None, generation)?;
        for (row, dropped) in [
            (RECORDS, gauges.records_dropped),
            (SPANS, gauges.spans_dropped),
            (LINES, gauges.log_lines_dropped),
        ] {
            let counter = ConstCounter::new(dropped);
            let (name, help) = row;
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        process(&mut encoder)
    }
}

type Row = (&'static str, &'static str);

const IN_FLIGHT: Row = ("closedpaw_requests_in_flight", "Requests that a provider is answering");
const WAITING: Row = ("closedpaw_requests_waiting", "Requests that wait for their turn");
const PARKED: Row = ("closedpaw_keys_parked", "Keys of a provider that are not used for now");
const BREAKER: Row =
    ("closedpaw_breaker_state", "State of a model's breaker: 0 closed, 1 half open, 2 open");
const GENERATION: Row = ("closedpaw_config_generation", "Generation of the configuration");
const RECORDS: Row =
    ("closedpaw_records_dropped", "Records of requests that could not be written in time");
const SPANS: Row =
    ("closedpaw_spans_dropped", "Spans that the collector did not take in time, or refused");
const LINES: Row = ("closedpaw_log_lines_dropped", "Lines of the log that nobody took in time");

impl Scrape {
    fn providers(&self, gauges: &Gauges, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        for (row, value) in [
            (IN_FLIGHT, (|gauge| gauge.in_flight) as fn(&ProviderGauges) -> u64),
            (WAITING, |gauge| gauge.waiting),
            (PARKED, |gauge| gauge.parked_keys),
        ] {
            let mut sums: BTreeMap<_, u64> = BTreeMap::new();
            for gauge in &gauges.providers {
                *sums.entry(self.names.provider(&gauge.provider)).or_default() += value(gauge);
            }
            let labelled = sums
                .into_iter()
                .map(|(provider, sum)| (ProviderLabels { provider }, as_gauge(sum)));
            rows(encoder, row, None, labelled)?;
        }
        Ok(())
    }

    /// The breakers of models that have a name, and of each provider's others the worst.
    fn breakers(&self, models: &[ModelGauges]) -> Vec<(ModelLabels, BreakerGauge)> {
        let mut worst = BTreeMap::new();
        for ModelGauges { provider, model, breaker } in models {
            let target = self.names.target(Some(provider), Some(model), Standing::Asked);
            let state = worst.entry((target.provider, target.model)).or_insert(*breaker);
            *state = (*state).max(*breaker);
        }
        let labelled = |((provider, model), state)| (ModelLabels { provider, model }, state);
        worst.into_iter().map(labelled).collect()
    }
}

/// Writes what the operating system says of this process, under the names that Prometheus' own clients use.
fn process(encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let Some(process) = Process::read() else { return Ok(()) };
    let (seconds, bytes) = (Unit::Seconds, Unit::Bytes);
    let cpu = encoder.encode_descriptor(
        "process_cpu",
        "Processor time used, in user and system mode",
        Some(&seconds),
        MetricType::Counter,
    )?;
    ConstCounter::new(process.cpu_seconds).encode(cpu)?;
    let row = ("process_start_time", "Start of the process, since the Unix epoch");
    single(encoder, row, Some(&seconds), process.start_time_seconds)?;
    let row = ("process_resident_memory", "Memory that is in use");
    single(encoder, row, Some(&bytes), as_gauge(process.resident_memory_bytes))?;
    let row = ("process_virtual_memory", "Memory that is mapped");
    single(encoder, row, Some(&bytes), as_gauge(process.virtual_memory_bytes))?;
    let row = ("process_open_fds", "Open file descriptors");
    single(encoder, row, None, as_gauge(process.open_fds))?;
    match process.max_fds {
        Some(most) => {
            let row = ("process_max_fds", "File descriptors that may be open");
            single(encoder, row, None, as_gauge(most))
        }
        None => Ok(()),
    }
}

fn single<V: EncodeGaugeValue>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): Row,
    unit: Option<&Unit>,
    value: V,
) -> fmt::Result
where
    ConstGauge<V>: EncodeMetric,
{
    let encoder = encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
    ConstGauge::new(value).encode(encoder)
}

fn rows<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): Row,
    unit: Option<&Unit>,
    rows: impl IntoIterator<Item = (L, i64)>,
) -> fmt::Result {
    let mut encoder = encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
    for (labels, value) in rows {
        ConstGauge::new(value).encode(encoder.encode_family(&labels)?)?;
    }
    Ok(())
}

/// Gauges are signed; nothing that is counted here comes near the end.
fn as_gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
