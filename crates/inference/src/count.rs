//! Token counts: one handler for every dialect.

use std::sync::Arc;

use dialects::CountEndpoint;
use http::{HeaderValue, StatusCode};
use pipeline::CountCall;
use server::{Call, Response, response};

use crate::{Inference, body, caller, context, tell};

/// Answers how many tokens a chat has.
pub(crate) async fn answer(
    inference: Arc<Inference>,
    endpoint: &'static dyn CountEndpoint,
    path_model: Option<String>,
    mut call: Call,
) -> Response {
    let (request_id, dialect) = (call.request_id, endpoint.dialect());
    let (body, strict) = match body::read(&mut call).await {
        Ok(read) => read,
        Err(fault) => return tell::fault(dialect, fault, request_id),
    };
    let (context, log) = (context::of(&call), Arc::clone(&call.log));
    let call = CountCall { endpoint, body, path_model, headers: call.headers, strict, context };
    match inference.gateway.count(&call).await {
        Ok((about, counted)) => {
            let mut answer = response::bytes(StatusCode::OK, "application/json", counted.body);
            answer.headers_mut().extend(about.headers());
            tell::note_losses(&log, &about, None);
            if counted.is_estimate {
                let estimated = HeaderValue::from_static("input_tokens");
                answer.headers_mut().insert("x-closedpaw-estimated", estimated);
            }
            answer
        }
        Err(refusal) => tell::refused(caller::endpoint(dialect), refusal, request_id, &log),
    }
}
