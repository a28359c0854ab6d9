//! What is told about an answer beside the answer.

use std::time::{Duration, Instant};

use canonical::Losses;
use providers::ProviderName;

/// What is told about an answer beside the answer.
#[derive(Debug)]
pub struct About {
    /// The provider that answered.
    pub provider: ProviderName,
    /// The model that was asked.
    pub model: String,
    /// What the provider's dialect could not say.
    pub losses: Losses,
    /// When the call was opened.
    pub opened: Instant,
    /// How long the provider was waited for: to the end of a whole answer, to the beginning of a stream.
    pub upstream: Duration,
}
