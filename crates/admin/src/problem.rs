//! Turns what went wrong into what callers of the management API are told.

use canonical::{ErrorKind, Fault, Origin};
use http::{HeaderValue, StatusCode, header};
use pipeline::Refusal;
use providers::ProviderError;
use serde_json::json;
use server::{Response, response};

/// Answers a refusal of the registry; `failure` is the sentence for a fault of our own.
pub(crate) fn provider_error(error: &ProviderError, failure: &str) -> Response {
    match error {
        ProviderError::Invalid(sentence) => response::detail(StatusCode::BAD_REQUEST, sentence),
        ProviderError::NotFound => response::detail(StatusCode::NOT_FOUND, &error.to_string()),
        ProviderError::NameTaken(_) => response::detail(StatusCode::CONFLICT, &error.to_string()),
        ProviderError::Store(cause) => {
            tracing::error!(error = %cause, "the registry failed");
            response::detail(StatusCode::INTERNAL_SERVER_ERROR, failure)
        }
    }
}

/// Answers a chat that was refused or failed before it began.
pub(crate) fn refusal(refusal: &Refusal) -> Response {
    let fault = &refusal.fault;
    let provider = refusal.about.as_ref().map(|about| about.provider.as_str());
    if let Some(provider) = provider.filter(|_| fault.origin == Origin::Upstream) {
        log(fault, provider);
    }
    let status = StatusCode::from_u16(fault.status());
    let detail = sentence(fault, provider);
    let body = match fault.upstream_status {
        Some(upstream_status) => json!({ "detail": detail, "upstream_status": upstream_status }),
        None => json!({ "detail": detail }),
    };
    let mut answer = response::json(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body);
    if fault.kind == ErrorKind::KeyRefused || fault.kind == ErrorKind::QuotaExhausted {
        answer.headers_mut().insert("x-should-retry", HeaderValue::from_static("false"));
    }
    if let Some(wait) = fault.retry_after {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    answer
}

/// Logs a provider's fault. Its own words are for the caller alone: they may repeat what was asked.
pub(crate) fn log(fault: &Fault, provider: &str) {
    tracing::warn!(
        provider,
        error.kind = fault.kind.as_str(),
        error.source = fault.source,
        upstream.status = fault.upstream_status,
        "the provider failed"
    );
}

/// The sentence for a fault: the provider's own words after its name and status.
pub(crate) fn sentence(fault: &Fault, provider: Option<&str>) -> String {
    match (provider, fault.upstream_status, fault.origin) {
        (Some(provider), Some(status), _) => {
            format!("{provider} answered {status}: {}", fault.public)
        }
        (Some(provider), None, Origin::Upstream) if fault.retry_after.is_none() => {
            format!("{provider}: {}", fault.public)
        }
        (_, _, Origin::Upstream | Origin::Downstream | Origin::Internal) => fault.public.clone(),
    }
}

/// Answers a request that a disabled provider would have to fulfil.
pub(crate) fn disabled(name: &str) -> Response {
    let sentence = format!("Provider {name} is disabled: enable it first");
    response::detail(StatusCode::BAD_REQUEST, &sentence)
}
