//! Metrics and traces of what the gateway does.

mod metrics;
#[cfg(test)]
mod sample;

pub use metrics::{BreakerGauge, Exposition, Gauges, Metrics, ModelGauges, ProviderGauges};
