//! One request to a provider, and why it may have no answer.

use bytes::Bytes;
use canonical::{Dialect, Fault};
use http::{HeaderMap, Method};
use upstream::Deadlines;

/// One request to a provider.
pub struct Question<'a> {
    /// Which of the provider's keys it carries, counted from 0.
    pub key: usize,
    /// The dialect that it is asked in.
    pub dialect: Dialect,
    /// The method.
    pub method: Method,
    /// Where, below the base URL.
    pub target: &'a str,
    /// Headers beside those that every request carries.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// How long to wait.
    pub deadlines: Deadlines,
}

/// Why a question has no answer of status 200.
#[derive(Debug)]
pub struct Refused {
    /// What went wrong.
    pub fault: Fault,
    /// The provider's own words, byte for byte, if they are JSON and hold none of our secrets.
    pub body: Option<Bytes>,
}

impl Refused {
    /// Forgets the provider's own words, for a caller who speaks another dialect.
    #[must_use]
    pub fn reworded(self) -> Self {
        Self { body: None, ..self }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { fault, body: None }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        refused.fault
    }
}
