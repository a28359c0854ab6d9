//! The one error that a request can end with.

use std::{fmt, time::Duration};

/// Why a request failed: a kind for programs, a sentence for the caller, and the truth for the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What went wrong, from a closed list.
    pub kind: ErrorKind,
    /// Who is to blame.
    pub origin: Origin,
    /// Whether trying again can help, and where.
    pub retry: Retry,
    /// The status that the provider answered with, if it answered.
    pub upstream_status: Option<u16>,
    /// What the caller is told: the provider's own words, or a sentence that says what to do.
    pub public: String,
    /// What the log is told beyond that; never sent to a caller.
    pub source: Option<String>,
    /// How long to wait, where the provider or a limit says.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// Makes a fault of `kind` with its usual origin and retry.
    pub fn new(kind: ErrorKind, public: impl Into<String>) -> Self {
        Self {
            kind,
            origin: kind.origin(),
            retry: kind.retry(),
            upstream_status: None,
            public: public.into(),
            source: None,
            retry_after: None,
        }
    }

    /// Makes the fault of a request that makes no sense. The sentence says what to do instead.
    #[must_use]
    pub fn invalid_request(public: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, public)
    }

    /// The HTTP status that callers see: that of the kind, except that a provider's 400 or 429 stays what it is
    /// when it means an account without credit.
    #[must_use]
    pub fn status(&self) -> u16 {
        match (self.kind, self.upstream_status) {
            (ErrorKind::QuotaExhausted, Some(status @ (400 | 429))) => status,
            (_, Some(_) | None) => self.kind.status(),
        }
    }

    /// Adds the status that the provider answered with, which makes it the provider's answer.
    #[must_use]
    pub fn with_upstream_status(mut self, status: u16) -> Self {
        self.upstream_status = Some(status);
        self
    }

    /// Adds what only the log may know.
    #[must_use]
    pub fn with_source(mut self, source: impl fmt::Display) -> Self {
        self.source = Some(source.to_string());
        self
    }

    /// Adds how long to wait before another try.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.public)
    }
}

impl std::error::Error for Fault {}

/// Everything that can go wrong with a request. The status beside each is the one callers see; [`Fault::status`]
/// knows the one exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// 400: the request makes no sense, to us or to the provider.
    InvalidRequest,
    /// 404: no such provider or model.
    NotFound,
    /// 409: it conflicts with what is there.
    Conflict,
    /// 413: too large.
    TooLarge,
    /// 422: well-formed, but a member is missing or malformed.
    Unprocessable,
    /// 502: the provider refused our key, or what the key may do.
    KeyRefused,
    /// 502, or the provider's own 400 or 429: its account has no credit left.
    QuotaExhausted,
    /// 429: too many requests, here or at the provider.
    RateLimited,
    /// 503: the provider is overloaded.
    Overloaded,
    /// 502: the provider failed.
    UpstreamFailed,
    /// 502: the provider could not be reached, or may not be.
    Unreachable,
    /// 504: the provider did not answer in time.
    Timeout,
    /// 502: the answer ended before the provider said that it was complete.
    Truncated,
    /// 502: the provider sent something that its dialect does not allow.
    Malformed,
    /// 500: a fault of our own.
    Internal,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::InvalidRequest,
        Self::NotFound,
        Self::Conflict,
        Self::TooLarge,
        Self::Unprocessable,
        Self::KeyRefused,
        Self::QuotaExhausted,
        Self::RateLimited,
        Self::Overloaded,
        Self::UpstreamFailed,
        Self::Unreachable,
        Self::Timeout,
        Self::Truncated,
        Self::Malformed,
        Self::Internal,
    ];

    /// The HTTP status that callers see, but for the exception that [`Fault::status`] makes.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::Unprocessable => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::KeyRefused
            | Self::QuotaExhausted
            | Self::UpstreamFailed
            | Self::Unreachable
            | Self::Truncated
            | Self::Malformed => 502,
            Self::Overloaded => 503,
            Self::Timeout => 504,
        }
    }

    /// The name used in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::Unprocessable => "unprocessable",
            Self::KeyRefused => "key_refused",
            Self::QuotaExhausted => "quota_exhausted",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::UpstreamFailed => "upstream_failed",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::Internal => "internal",
        }
    }

    /// Who is usually to blame.
    const fn origin(self) -> Origin {
        match self {
            Self::InvalidRequest
            | Self::NotFound
            | Self::Conflict
            | Self::TooLarge
            | Self::Unprocessable => Origin::Downstream,
            Self::KeyRefused
            | Self::QuotaExhausted
            | Self::RateLimited
            | Self::Overloaded
            | Self::UpstreamFailed
            | Self::Unreachable
            | Self::Timeout
            | Self::Truncated
            | Self::Malformed => Origin::Upstream,
            Self::Internal => Origin::Internal,
        }
    }

    /// Whether trying again usually helps, and where.
    const fn retry(self) -> Retry {
        match self {
            Self::InvalidRequest
            | Self::NotFound
            | Self::Conflict
            | Self::TooLarge
            | Self::Unprocessable
            | Self::Internal => Retry::Never,
            Self::KeyRefused | Self::QuotaExhausted | Self::RateLimited | Self::Overloaded => {
                Retry::NextCandidate
            }
            Self::UpstreamFailed
            | Self::Unreachable
            | Self::Timeout
            | Self::Truncated
            | Self::Malformed => Retry::SameProvider,
        }
    }
}

/// Who is to blame for a [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The caller.
    Downstream,
    /// The provider.
    Upstream,
    /// Ourselves.
    Internal,
}

/// Whether trying again can help, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same request fails everywhere.
    Never,
    /// The same provider may answer the next time.
    SameProvider,
    /// Another provider or key may answer.
    NextCandidate,
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, Fault};

    #[test]
    fn the_status_is_that_of_the_kind_but_for_an_account_without_credit() {
        for kind in ErrorKind::ALL {
            assert_eq!(Fault::new(kind, "").status(), kind.status());
        }
        for (kind, upstream, expected) in [
            (ErrorKind::QuotaExhausted, 400, 400),
            (ErrorKind::QuotaExhausted, 429, 429),
            (ErrorKind::QuotaExhausted, 402, 502),
            (ErrorKind::QuotaExhausted, 403, 502),
            (ErrorKind::KeyRefused, 400, 502),
            (ErrorKind::UpstreamFailed, 504, 502),
        ] {
            let fault = Fault::new(kind, "").with_upstream_status(upstream);
            assert_eq!(fault.status(), expected, "{kind:?} of {upstream}");
        }
    }
}
