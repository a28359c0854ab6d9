//! What can go wrong when the registry is asked for something.

use thiserror::Error;

/// Why the registry refused a request. The text is the sentence that callers read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProviderError {
    /// The request breaks a rule; the sentence says which.
    #[error("{0}")]
    Invalid(String),
    /// No provider has the name.
    #[error("Provider not found")]
    NotFound,
    /// Another provider has the name.
    #[error("Provider name '{0}' is taken: choose another, or change the registered provider")]
    NameTaken(String),
    /// The store failed; the text is for the log.
    #[error("{0}")]
    Store(String),
}

impl ProviderError {
    /// Makes the error of a broken rule.
    pub(crate) fn invalid(sentence: impl Into<String>) -> Self {
        Self::Invalid(sentence.into())
    }
}
