//! The seven things that a key may be good for.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that a key may be good for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Scope {
    /// Asking models.
    #[serde(rename = "inference")]
    Inference,
    /// Seeing providers, routes and what would happen to a request.
    #[serde(rename = "providers:read")]
    ProvidersRead,
    /// Changing providers and routes; includes seeing them.
    #[serde(rename = "providers:write")]
    ProvidersWrite,
    /// Making keys of one's own, and seeing, rotating and revoking them.
    #[serde(rename = "keys")]
    Keys,
    /// Seeing what was asked, by whom, and what it cost.
    #[serde(rename = "usage")]
    Usage,
    /// Reading metrics.
    #[serde(rename = "metrics")]
    Metrics,
    /// Everything.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// Every scope, in the order documents list them.
    pub const ALL: [Self; 7] = [
        Self::Inference,
        Self::ProvidersRead,
        Self::ProvidersWrite,
        Self::Keys,
        Self::Usage,
        Self::Metrics,
        Self::Admin,
    ];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::ProvidersRead => "providers:read",
            Self::ProvidersWrite => "providers:write",
            Self::Keys => "keys",
            Self::Usage => "usage",
            Self::Metrics => "metrics",
            Self::Admin => "admin",
        }
    }

    /// Finds the scope of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Some scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Whether these allow what needs `scope`: by name, or because another includes it.
    #[must_use]
    pub const fn allow(self, scope: Scope) -> bool {
        let by_write =
            matches!(scope, Scope::ProvidersRead) && self.0 & Scope::ProvidersWrite.bit() != 0;
        self.0 & scope.bit() != 0 || self.0 & Scope::Admin.bit() != 0 || by_write
    }

    /// The scopes that are named, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.0 & scope.bit() != 0)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}
