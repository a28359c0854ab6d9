//! What all calls share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use canonical::Tracing;
use providers::{ProviderManager, Snapshot};
use records::Sink;
use routing::RetryBudget;

/// What all calls share: the registry, the retry budget, and who is told what became of each.
pub struct Gateway {
    manager: Arc<ProviderManager>,
    retries: Mutex<RetryBudget>,
    pub(crate) sinks: Arc<[Arc<dyn Sink>]>,
    pub(crate) tracing: Tracing,
}

impl Gateway {
    /// Makes a gateway that tells `sinks` of each settled request, and providers of the spans that it records, if any.
    #[must_use]
    pub fn new(manager: Arc<ProviderManager>, sinks: Vec<Arc<dyn Sink>>, tracing: Tracing) -> Self {
        Self { manager, retries: Mutex::default(), sinks: sinks.into(), tracing }
    }

    /// All providers and routes at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.manager.snapshot()
    }

    /// What may still be retried.
    pub(crate) fn retries(&self) -> MutexGuard<'_, RetryBudget> {
        self.retries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The dice of every choice that is left to chance.
pub(crate) fn roll() -> u64 {
    fastrand::u64(..)
}
