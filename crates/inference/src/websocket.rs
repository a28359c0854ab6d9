//! Responses over a web socket, which are not served: clients that try them ask by POST when told so.

use std::sync::Arc;

use canonical::Fault;
use dialects::OPENAI_RESPONSES;
use http::StatusCode;
use server::{Call, Response, response};

use crate::Inference;

/// Answers 426, after which Codex goes on at once with POST; other statuses cost it several seconds of retries.
pub(crate) async fn refuse(_inference: Arc<Inference>, call: Call) -> Response {
    let status = StatusCode::UPGRADE_REQUIRED;
    let fault = Fault::invalid_request("responses are not served over a web socket: ask by POST");
    let request_id = call.request_id.to_string();
    let body = OPENAI_RESPONSES.encode_error(status.as_u16(), &fault, &request_id);
    response::bytes(status, "application/json", body.into())
}
