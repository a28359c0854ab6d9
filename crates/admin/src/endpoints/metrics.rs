//! The row of the metrics.

use grants::Scope;
use http::Method;
use server::Access;

use super::{Endpoint, plain, row};
use crate::handlers::metrics;

pub(super) fn rows() -> Vec<Endpoint> {
    vec![Endpoint {
        content_type: "text/plain",
        ..row::<String>(
            Access::Scope(Scope::Metrics),
            Method::GET,
            "/metrics",
            "What the gateway does, as Prometheus reads it; OpenMetrics where `Accept` asks for it",
            |admin| plain(admin, metrics::metrics),
        )
    }]
}
