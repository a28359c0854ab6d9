//! Routes: names that stand for several models, and how one of them is chosen.

use grants::{Grant, Pattern};
use routing::Strategy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name that stands for several models.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The name that callers send as the model.
    pub name: String,
    /// How candidates are ordered.
    pub strategy: Strategy,
    /// Who may answer; never empty.
    pub candidates: Vec<RouteCandidate>,
    /// Where in the config file it stands, as `FILE:LINE`; it can only be changed there.
    pub declared_at: Option<String>,
}

/// One who may answer.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteCandidate {
    /// The provider's name. It need not exist: then the candidate is passed over.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// Its share among weighted candidates; 1 unless said.
    pub weight: u32,
    /// Which requests it is for.
    pub when: Conditions,
}

/// Which requests a candidate is for. Absent is no condition; all that are there must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Estimated tokens of input, at least.
    pub input_tokens_at_least: Option<u64>,
    /// Estimated tokens of input, at most.
    pub input_tokens_at_most: Option<u64>,
    /// The request has all of these.
    pub needs: Vec<Need>,
    /// The caller's key, by id or name, is one of these.
    pub keys: Vec<Pattern>,
    /// The caller's project is one of these.
    pub projects: Vec<Pattern>,
}

/// Something that a request needs of a model.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Reading pictures.
    Vision,
    /// Calling tools.
    Tools,
    /// Holding the answer to a JSON schema.
    JsonSchema,
}

impl Route {
    /// Whether `grant` holds every candidate by itself, whatever it may call by the route's name.
    #[must_use]
    pub fn is_held_whole(&self, grant: &Grant) -> bool {
        self.candidates.iter().all(|one| grant.holds_model(&one.provider, &one.model, None))
    }

    /// The candidates that a holder of `grant` may see: those it could call by the route's name.
    pub fn held(&self, grant: &Grant) -> impl Iterator<Item = &RouteCandidate> {
        let holds =
            |one: &&RouteCandidate| grant.holds_model(&one.provider, &one.model, Some(&self.name));
        self.candidates.iter().filter(holds)
    }
}

impl RouteCandidate {
    /// Whether one of the two is one too many.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.provider == other.provider && self.model == other.model && self.when == other.when
    }
}

impl Need {
    /// Every need, in the order documents list them.
    pub const ALL: [Self; 3] = [Self::Vision, Self::Tools, Self::JsonSchema];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vision => "vision",
            Self::Tools => "tools",
            Self::JsonSchema => "json_schema",
        }
    }

    /// Finds the need of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|need| need.as_str() == name)
    }
}
