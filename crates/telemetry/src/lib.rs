//! Metrics and traces of what the gateway does.

mod metrics;

pub use metrics::Metrics;
