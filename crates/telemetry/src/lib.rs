//! Metrics and traces of what the gateway does, told from the records of settled requests.

mod metrics;
mod otlp;
#[cfg(test)]
mod sample;

pub use metrics::{BreakerGauge, Exposition, Gauges, Metrics, ModelGauges, ProviderGauges};
pub use otlp::{Collector, Traces};
