//! Embeddings: one handler for every dialect.

use std::sync::Arc;

use dialects::EmbeddingsEndpoint;
use http::StatusCode;
use pipeline::EmbeddingsCall;
use server::{Call, Response, response};

use crate::{Inference, body, caller, context, tell};

/// Answers a request for embeddings.
pub(crate) async fn answer(
    inference: Arc<Inference>,
    endpoint: &'static dyn EmbeddingsEndpoint,
    path_model: Option<String>,
    mut call: Call,
) -> Response {
    let (request_id, dialect) = (call.request_id, endpoint.dialect());
    let (body, strict) = match body::read(&mut call).await {
        Ok(read) => read,
        Err(fault) => return tell::fault(dialect, fault, request_id),
    };
    let (context, log) = (context::of(&call), Arc::clone(&call.log));
    let call = EmbeddingsCall { endpoint, body, path_model, strict, context };
    match inference.gateway.embed(&call).await {
        Ok((about, body)) => {
            let mut answer = response::bytes(StatusCode::OK, "application/json", body);
            answer.headers_mut().extend(about.headers());
            tell::note_losses(&log, &about, None);
            answer
        }
        Err(refusal) => tell::refused(caller::endpoint(dialect), refusal, request_id, &log),
    }
}
