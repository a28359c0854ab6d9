//! How long each phase of an attempt at a provider may take.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use upstream::{Deadlines, Network};

use crate::ProviderConfig;

/// How long the way to a provider may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a cloud's stream may take to begin.
const FIRST_TOKEN: Duration = Duration::from_secs(120);
/// How long a local server's stream may take to begin: it may have to load the model first.
const FIRST_TOKEN_LOCAL: Duration = Duration::from_secs(300);
/// How long a begun answer may be silent.
const IDLE: Duration = Duration::from_secs(120);

/// Limits of single phases, in seconds. Absent is the default; none outlasts the provider's `timeout`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Until a connection is ready; 10 when unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 86_400.0))]
    pub connect: Option<f64>,
    /// From then until a streamed answer begins; 120 when unset, 300 for a `local` provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 86_400.0))]
    pub first_token: Option<f64>,
    /// Between two pieces of an answer; 120 when unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 86_400.0))]
    pub idle: Option<f64>,
}

/// How an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// All at once: its head comes when the answer is complete.
    Whole,
    /// Piece by piece.
    Streamed,
}

impl From<bool> for Delivery {
    fn from(is_streamed: bool) -> Self {
        if is_streamed { Self::Streamed } else { Self::Whole }
    }
}

impl ProviderConfig {
    /// The limits of one attempt at an answer that must be complete when `left` is over.
    #[must_use]
    pub fn deadlines(&self, delivery: Delivery, left: Duration) -> Deadlines {
        let total = self.timeout().min(left);
        let phase = |set, default| duration(set).unwrap_or(default).min(total);
        let first_token = match self.network {
            Network::Public => FIRST_TOKEN,
            Network::Local => FIRST_TOKEN_LOCAL,
        };
        Deadlines {
            connect: phase(self.timeouts.connect, CONNECT),
            first_byte: match delivery {
                Delivery::Whole => total,
                Delivery::Streamed => phase(self.timeouts.first_token, first_token),
            },
            idle: phase(self.timeouts.idle, IDLE),
            total,
        }
    }
}

/// So many seconds, if they are set and make sense.
pub(crate) fn duration(seconds: Option<f64>) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds?).ok()
}
