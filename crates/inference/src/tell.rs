//! Tells a caller what went wrong, in the caller's own dialect.

use canonical::{Dialect, Fault};
use dialects::ChatEndpoint;
use http::StatusCode;
use pipeline::Refusal;
use server::{RequestId, Response, response};

use crate::caller;

/// Answers a call that was refused or failed before its answer began.
pub(crate) fn refusal(
    endpoint: &dyn ChatEndpoint,
    refusal: Refusal,
    request_id: RequestId,
) -> Response {
    refusal.log();
    let status = endpoint.error_status(&refusal.fault);
    let kept = refusal.fault.upstream_status == Some(status);
    let body = match &refusal.verbatim {
        Some(verbatim) if kept => verbatim.clone(),
        Some(_) | None => {
            let fault = Fault { public: refusal.sentence(), ..refusal.fault.clone() };
            endpoint.encode_error(status, &fault, &request_id.to_string()).into()
        }
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = response::bytes(status, "application/json", body);
    answer.headers_mut().extend(refusal.headers());
    answer
}

/// Answers a fault of a call that reached no provider.
pub(crate) fn fault(dialect: Dialect, fault: Fault, request_id: RequestId) -> Response {
    refusal(caller::endpoint(dialect), fault.into(), request_id)
}
