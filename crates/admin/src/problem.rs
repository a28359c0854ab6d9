//! Turns what went wrong into what callers of the management API are told.

use http::StatusCode;
use keys::KeyError;
use pipeline::Refusal;
use providers::ProviderError;
use serde_json::json;
use server::{LogSlot, Response, response};
use store::StoreError;
use tokio::task::JoinError;

/// Answers a refusal of the registry; `failure` is the sentence for a fault of our own.
pub(crate) fn provider_error(error: &ProviderError, failure: &str) -> Response {
    match error {
        ProviderError::Invalid(sentence) => response::detail(StatusCode::BAD_REQUEST, sentence),
        ProviderError::NotFound | ProviderError::NoSuchRoute => {
            response::detail(StatusCode::NOT_FOUND, &error.to_string())
        }
        ProviderError::NameTaken(_) | ProviderError::Declared(_) => {
            response::detail(StatusCode::CONFLICT, &error.to_string())
        }
        ProviderError::NotHeld(sentence) => response::detail(StatusCode::FORBIDDEN, sentence),
        ProviderError::Store(cause) => {
            tracing::error!(error = %cause, "the registry failed");
            response::detail(StatusCode::INTERNAL_SERVER_ERROR, failure)
        }
    }
}

/// Answers a look at the database that failed.
pub(crate) fn store_error(error: StoreError) -> Response {
    match error {
        StoreError::Unavailable(_) => {
            tracing::warn!(%error, "the database can't be read");
            response::detail(StatusCode::SERVICE_UNAVAILABLE, &error.to_string())
        }
        StoreError::Corrupt(_)
        | StoreError::Internal(_)
        | StoreError::NameTaken
        | StoreError::NotFound => {
            tracing::error!(%error, "the database can't be read");
            let sentence = "The database could not be read: see the log";
            response::detail(StatusCode::INTERNAL_SERVER_ERROR, sentence)
        }
    }
}

/// Answers for work that did not come to its end.
pub(crate) fn stopped(error: JoinError) -> Response {
    tracing::error!(%error, "the work for a request stopped");
    let sentence = "The request could not be completed: see the log";
    response::detail(StatusCode::INTERNAL_SERVER_ERROR, sentence)
}

/// Answers a refusal about keys or projects; `failure` is the sentence for a fault of our own.
pub(crate) fn key_error(error: &KeyError, failure: &str) -> Response {
    let status = match error {
        KeyError::Invalid(_) => StatusCode::BAD_REQUEST,
        KeyError::NotHeld(_) | KeyError::Beyond(_) => StatusCode::FORBIDDEN,
        KeyError::NotFound | KeyError::NoSuchProject => StatusCode::NOT_FOUND,
        KeyError::Conflict(_) => StatusCode::CONFLICT,
        KeyError::Store(cause) => {
            tracing::error!(error = %cause, "the keys failed");
            return response::detail(StatusCode::INTERNAL_SERVER_ERROR, failure);
        }
    };
    response::detail(status, &error.to_string())
}

/// Answers a chat that was refused or failed before it began.
pub(crate) fn refusal(refusal: &Refusal, log: &LogSlot) -> Response {
    if let Some(source) = &refusal.fault.source {
        log.note_source(source);
    }
    let status = StatusCode::from_u16(refusal.fault.status());
    let detail = refusal.sentence();
    let body = match refusal.fault.upstream_status {
        Some(upstream_status) => json!({ "detail": detail, "upstream_status": upstream_status }),
        None => json!({ "detail": detail }),
    };
    let mut answer = response::json(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body);
    answer.headers_mut().extend(refusal.headers());
    answer
}

/// Answers a request that a disabled provider would have to fulfil.
pub(crate) fn disabled(name: &str) -> Response {
    let sentence = format!("Provider {name} is disabled: enable it first");
    response::detail(StatusCode::BAD_REQUEST, &sentence)
}
