//! What can go wrong when a key is asked for something.

use grants::NotHeld;
use store::StoreError;
use thiserror::Error;

/// Why a request about keys was refused. The text is the sentence that callers read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// The request breaks a rule; the sentence says which.
    #[error("{0}")]
    Invalid(String),
    /// More was wanted than the maker holds.
    #[error(transparent)]
    NotHeld(#[from] NotHeld),
    /// More was wanted than the maker holds, of limits, time or project; the sentence says what.
    #[error("{0}")]
    Beyond(String),
    /// No key of that id that the caller may see.
    #[error("Key not found")]
    NotFound,
    /// No project of that name that the caller may see.
    #[error("Project not found")]
    NoSuchProject,
    /// What it is stands against it: revoked, or declared in the configuration; the sentence says what.
    #[error("{0}")]
    Conflict(String),
    /// The store failed; the text is for the log.
    #[error("{0}")]
    Store(String),
}

impl From<StoreError> for KeyError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}
