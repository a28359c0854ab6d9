//! The sets of labels that series are told apart by.

use prometheus_client::encoding::EncodeLabelSet;

use super::{
    bounded::Labels,
    names::{Name, OTHER},
};

/// What became of requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    pub(super) operation: &'static str,
    pub(super) dialect: &'static str,
    pub(super) provider: Name,
    pub(super) model: Name,
    pub(super) outcome: &'static str,
}

/// How long requests took.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct TimeLabels {
    pub(super) operation: &'static str,
    pub(super) provider: Name,
}

/// How tries ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct AttemptLabels {
    pub(super) provider: Name,
    /// The kind of what went wrong, or `none`.
    pub(super) error: &'static str,
}

/// A kind of tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct TokenLabels {
    pub(super) provider: Name,
    pub(super) model: Name,
    pub(super) r#type: &'static str,
}

/// A model of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ModelLabels {
    pub(super) provider: Name,
    pub(super) model: Name,
}

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ProviderLabels {
    pub(super) provider: Name,
}

/// A kind of error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ErrorLabels {
    pub(super) error: &'static str,
}

impl Labels for RequestLabels {
    fn folded(&self) -> Self {
        Self { provider: OTHER.into(), model: OTHER.into(), ..self.clone() }
    }
}

impl Labels for TimeLabels {
    fn folded(&self) -> Self {
        Self { provider: OTHER.into(), ..self.clone() }
    }
}

impl Labels for AttemptLabels {
    fn folded(&self) -> Self {
        Self { provider: OTHER.into(), ..self.clone() }
    }
}

impl Labels for TokenLabels {
    fn folded(&self) -> Self {
        Self { provider: OTHER.into(), model: OTHER.into(), ..self.clone() }
    }
}

impl Labels for ModelLabels {
    fn folded(&self) -> Self {
        Self { provider: OTHER.into(), model: OTHER.into() }
    }
}

impl Labels for ErrorLabels {
    fn folded(&self) -> Self {
        self.clone()
    }
}
