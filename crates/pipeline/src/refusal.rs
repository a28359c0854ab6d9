//! Why a call was not answered, and how that is told.

use bytes::Bytes;
use canonical::{ErrorKind, Fault, Origin};
use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use providers::Refused;

use crate::About;

/// Why a call was not answered.
#[derive(Debug)]
pub struct Refusal {
    /// What went wrong.
    pub fault: Fault,
    /// What is known about the call, once a provider was chosen.
    pub about: Option<Box<About>>,
    /// The provider's own words, byte for byte, where the caller speaks its dialect and the status is kept.
    pub verbatim: Option<Bytes>,
}

impl Refusal {
    /// The sentence for the caller: the provider's own words after its name and status.
    #[must_use]
    pub fn sentence(&self) -> String {
        sentence(&self.fault, self.about.as_ref().map(|about| about.provider.as_str()))
    }

    /// What the headers of the answer tell: what is known about the call, and whether and when to ask again.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = self.about.as_ref().map(|about| about.headers()).unwrap_or_default();
        if matches!(self.fault.kind, ErrorKind::KeyRefused | ErrorKind::QuotaExhausted) {
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if let Some(wait) = self.fault.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        headers
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self { fault: refused.fault, about: None, verbatim: refused.body }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { fault, about: None, verbatim: None }
    }
}

/// The sentence for a fault: the provider's own words after its name and status.
#[must_use]
pub fn sentence(fault: &Fault, provider: Option<&str>) -> String {
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

/// Logs a provider's fault. Its own words are for the caller alone: they may repeat what was asked.
pub fn log(fault: &Fault, provider: &str) {
    tracing::warn!(
        provider,
        error.kind = fault.kind.as_str(),
        error.source = fault.source,
        upstream.status = fault.upstream_status,
        "the provider failed"
    );
}
