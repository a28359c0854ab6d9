//! Chats: one handler for every dialect.

use std::sync::Arc;

use dialects::ChatEndpoint;
use http::StatusCode;
use pipeline::{Answer, InferenceCall, PathCall};
use server::{Call, Response, response};

use crate::{Inference, body, context, relay_body, tell};

/// Answers a chat.
pub(crate) async fn answer(
    inference: Arc<Inference>,
    endpoint: &'static dyn ChatEndpoint,
    path: Option<PathCall>,
    mut call: Call,
) -> Response {
    let request_id = call.request_id;
    let (body, strict) = match body::read(&mut call).await {
        Ok(read) => read,
        Err(fault) => return tell::refusal(endpoint, fault.into(), request_id),
    };
    let context = context::of(&call);
    let Call { query, headers, log, .. } = call;
    let call = InferenceCall { endpoint, body, path, query, headers, strict, context };
    match inference.gateway.answer(&call).await {
        Ok((about, answer)) => {
            let headers = about.headers();
            tell::note_losses(&log, &about, None);
            let mut answer = match answer {
                Answer::Whole(whole) => {
                    response::bytes(StatusCode::OK, "application/json", whole.content)
                }
                Answer::Stream(relay) => {
                    let body = relay_body::new(relay, about, log, inference.last_call.clone());
                    response::stream(StatusCode::OK, endpoint.stream_type(), body)
                }
            };
            answer.headers_mut().extend(headers);
            answer
        }
        Err(refusal) => tell::refused(endpoint, refusal, request_id, &log),
    }
}
