//! The metrics, in the text that was asked for.

use std::sync::Arc;

use http::{StatusCode, header};
use server::{Call, Response, response};
use telemetry::Exposition;

use crate::Admin;

/// `GET /metrics`
pub(crate) async fn metrics(admin: Arc<Admin>, call: Call) -> Response {
    let accept = call.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let exposition = Exposition::accepted_by(accept.unwrap_or_default());
    match admin.metrics.text(exposition) {
        Ok(text) => response::bytes(StatusCode::OK, exposition.content_type(), text.into()),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            let sentence = "The metrics could not be written: see the log";
            response::detail(StatusCode::INTERNAL_SERVER_ERROR, sentence)
        }
    }
}
