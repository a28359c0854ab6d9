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
    /// No route has the name, or none that the caller may see.
    #[error("Route not found")]
    NoSuchRoute,
    /// The caller's key does not hold what is asked for; the sentence says what.
    #[error("{0}")]
    NotHeld(String),
    /// The config file declares it, and it is changed there; the sentence says where.
    #[error("{0}")]
    Declared(String),
    /// The store failed; the text is for the log.
    #[error("{0}")]
    Store(String),
}

impl ProviderError {
    /// Makes the error of a change of what the config file declares.
    pub(crate) fn declared(what: &str, name: &str, declared_at: &str) -> Self {
        Self::Declared(format!(
            "{what} '{name}' is declared at {declared_at}: change it there, and reload the configuration"
        ))
    }

    /// Makes the error of a broken rule.
    pub(crate) fn invalid(sentence: impl Into<String>) -> Self {
        Self::Invalid(sentence.into())
    }
}
