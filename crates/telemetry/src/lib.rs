//! Metrics and traces of what the gateway does.

mod metrics;
mod otlp;
#[cfg(test)]
mod sample;

pub use metrics::{BreakerGauge, Exposition, Gauges, Metrics, ModelGauges, ProviderGauges};
pub use otlp::{Collector, Traces};
