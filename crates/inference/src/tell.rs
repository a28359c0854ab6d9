//! Tells a caller what went wrong, in the caller's own dialect.

use canonical::{Dialect, Fault, Losses};
use dialects::ChatEndpoint;
use http::StatusCode;
use pipeline::{About, Refusal};
use server::{LogSlot, RequestId, Response, response};

use crate::caller;

/// Answers a call that was refused or failed before its answer began.
pub(crate) fn refusal(
    endpoint: &dyn ChatEndpoint,
    refusal: Refusal,
    request_id: RequestId,
) -> Response {
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

/// Answers a call that the pipeline refused, and tells its log line what the caller isn't told.
pub(crate) fn refused(
    endpoint: &dyn ChatEndpoint,
    refused: Refusal,
    request_id: RequestId,
    log: &LogSlot,
) -> Response {
    note_source(log, &refused.fault);
    if let Some(about) = &refused.about {
        note_losses(log, about, None);
    }
    refusal(endpoint, refused, request_id)
}

/// Tells the log line of a call what lies behind a fault.
pub(crate) fn note_source(log: &LogSlot, fault: &Fault) {
    if let Some(source) = &fault.source {
        log.note_source(source);
    }
}

/// Tells the log line of a call what could not be said, in the headers and after them.
pub(crate) fn note_losses(log: &LogSlot, about: &About, later: Option<&Losses>) {
    let mut all = about.losses.clone();
    for name in later.into_iter().flat_map(Losses::iter) {
        all.note(name);
    }
    if !all.is_empty() {
        log.note_dropped(all);
    }
}
