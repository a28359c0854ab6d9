//! The metrics of the gateway, as Prometheus reads them.

use std::sync::Arc;

use records::{RequestRecord, Sink};

/// All metrics.
#[derive(Debug, Default)]
pub struct Metrics;

impl Sink for Metrics {
    fn settled(&self, _record: &Arc<RequestRecord>) {}
}
