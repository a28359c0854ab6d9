//! What is told about a call beside its answer.

use std::time::{Duration, Instant};

use canonical::{Fault, Losses};
use providers::ProviderName;

use crate::{Refusal, resolve::Target};

/// What is told about a call beside its answer.
#[derive(Debug)]
pub struct About {
    /// The provider that was chosen.
    pub provider: ProviderName,
    /// The model that was asked.
    pub model: String,
    /// What the provider's dialect could not say.
    pub losses: Losses,
    /// How often a provider was asked.
    pub attempts: u32,
    /// When the call was opened.
    pub opened: Instant,
    /// How long the provider was waited for: to the end of a whole answer, to the beginning of a stream.
    pub upstream: Duration,
    sent: Option<Instant>,
}

impl About {
    /// Begins to keep account of a call.
    pub(crate) fn of(target: &Target, opened: Instant) -> Self {
        Self {
            provider: target.provider.config().name.clone(),
            model: target.model.clone(),
            losses: Losses::default(),
            attempts: 0,
            opened,
            upstream: Duration::ZERO,
            sent: None,
        }
    }

    /// Counts an attempt that begins now.
    pub(crate) fn begin_attempt(&mut self) {
        self.attempts += 1;
        self.sent = Some(Instant::now());
    }

    /// Closes the account with what came of the call.
    pub(crate) fn settle<T>(mut self, outcome: Result<T, Fault>) -> Result<(Self, T), Refusal> {
        self.upstream = self.sent.map(|sent| sent.elapsed()).unwrap_or_default();
        match outcome {
            Ok(answer) => Ok((self, answer)),
            Err(fault) => Err(Refusal { fault, about: Some(self) }),
        }
    }
}
