//! Why a call was not answered, and how that is told.

use bytes::Bytes;
use canonical::{ErrorKind, Fault, Origin};
use providers::Refused;

use crate::About;

/// Why a call was not answered.
#[derive(Debug)]
pub struct Refusal {
    /// What went wrong.
    pub fault: Fault,
    /// What is known about the call, once a provider was chosen.
    pub about: Option<About>,
    /// The provider's own words, byte for byte, where the caller speaks its language and the status is kept.
    pub verbatim: Option<Bytes>,
}

impl Refusal {
    /// The sentence for the caller: the provider's own words after its name and status.
    #[must_use]
    pub fn sentence(&self) -> String {
        sentence(&self.fault, self.about.as_ref())
    }

    /// Logs it, if it is the provider's fault.
    pub fn log(&self) {
        if let Some(about) = self.about.as_ref().filter(|_| self.fault.origin == Origin::Upstream) {
            log(&self.fault, about);
        }
    }

    /// Whether asking again is of no use until somebody changes the provider's key or account.
    #[must_use]
    pub fn is_hopeless(&self) -> bool {
        self.fault.kind == ErrorKind::KeyRefused || self.fault.kind == ErrorKind::QuotaExhausted
    }

    /// How long to wait before another try, in whole seconds, where that is known.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        let wait = self.fault.retry_after?;
        Some((wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1))
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { fault, about: None, verbatim: None }
    }
}

impl Refusal {
    /// The refusal of a call whose provider was asked, or was about to be.
    pub(crate) fn of(refused: Refused, about: About) -> Self {
        Self { fault: refused.fault, about: Some(about), verbatim: refused.body }
    }
}

/// The sentence for a fault: the provider's own words after its name and status.
#[must_use]
pub fn sentence(fault: &Fault, about: Option<&About>) -> String {
    let provider = about.map(|about| about.provider.as_str());
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
pub fn log(fault: &Fault, about: &About) {
    tracing::warn!(
        provider = about.provider.as_str(),
        error.kind = fault.kind.as_str(),
        error.source = fault.source,
        upstream.status = fault.upstream_status,
        "the provider failed"
    );
}
