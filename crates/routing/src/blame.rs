//! Whose fault a fault is, which decides what is tried next and against whom it counts.

use std::time::Duration;

use canonical::{ErrorKind, Fault};

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The caller's: it would fail everywhere, and counts against nobody.
    Caller,
    /// The key's: refused, or without credit. Another key may be taken.
    Key,
    /// The key's rate at this model; the provider said how long, or not.
    Rate(Option<Duration>),
    /// The candidate's: the provider has no such model, or not for us.
    Candidate,
    /// The provider's: it failed, can't be reached, or took too long.
    Provider,
    /// Nobody's: the caller waited for less long than the provider is given.
    Deadline,
    /// Our own.
    Ours,
}

/// Finds whose fault it is.
#[must_use]
pub fn blame(fault: &Fault) -> Blame {
    match fault.kind {
        ErrorKind::InvalidRequest | ErrorKind::TooLarge | ErrorKind::Unprocessable => Blame::Caller,
        ErrorKind::KeyRefused | ErrorKind::QuotaExhausted => Blame::Key,
        ErrorKind::RateLimited => Blame::Rate(fault.retry_after),
        ErrorKind::NotFound | ErrorKind::Conflict => Blame::Candidate,
        ErrorKind::Overloaded
        | ErrorKind::UpstreamFailed
        | ErrorKind::Unreachable
        | ErrorKind::Timeout
        | ErrorKind::Truncated
        | ErrorKind::Malformed => Blame::Provider,
        ErrorKind::Internal => Blame::Ours,
    }
}

impl Blame {
    /// The name in records and explanations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Key => "key",
            Self::Rate(_) => "rate",
            Self::Candidate => "candidate",
            Self::Provider => "provider",
            Self::Deadline => "deadline",
            Self::Ours => "gateway",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use canonical::{ErrorKind, Fault};

    use super::{Blame, blame};

    #[test]
    fn a_fault_is_somebodys() {
        let check = |kind, expected| assert_eq!(blame(&Fault::new(kind, "")), expected);
        check(ErrorKind::InvalidRequest, Blame::Caller);
        check(ErrorKind::TooLarge, Blame::Caller);
        check(ErrorKind::KeyRefused, Blame::Key);
        check(ErrorKind::QuotaExhausted, Blame::Key);
        check(ErrorKind::RateLimited, Blame::Rate(None));
        check(ErrorKind::NotFound, Blame::Candidate);
        check(ErrorKind::Overloaded, Blame::Provider);
        check(ErrorKind::Unreachable, Blame::Provider);
        check(ErrorKind::Timeout, Blame::Provider);
        check(ErrorKind::Internal, Blame::Ours);
    }

    #[test]
    fn a_stated_wait_is_part_of_the_blame() {
        let wait = Some(Duration::from_secs(7));
        let fault = Fault::new(ErrorKind::RateLimited, "").with_retry_after(wait);
        assert_eq!(blame(&fault), Blame::Rate(wait));
    }
}
