//! What is remembered of a provider's traffic for as long as it is reached in the same way.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use routing::{KeyRing, ModelState};

/// Models that are told apart; all further ones share one state.
const MOST_MODELS: usize = 1024;

/// Breakers, latencies and running requests of each model, and the keys that are parked.
#[derive(Debug)]
pub(crate) struct Traffic {
    models: Mutex<HashMap<String, Arc<ModelState>>>,
    further: Arc<ModelState>,
    keys: Mutex<KeyRing>,
}

impl Traffic {
    /// Begins with nothing to remember, for a provider of so many keys.
    pub(crate) fn new(keys: usize) -> Self {
        Self {
            models: Mutex::default(),
            further: Arc::default(),
            keys: Mutex::new(KeyRing::new(keys)),
        }
    }

    /// The state of one model.
    pub(crate) fn model(&self, model: &str) -> Arc<ModelState> {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = models.get(model) {
            return Arc::clone(state);
        }
        if models.len() >= MOST_MODELS {
            return Arc::clone(&self.further);
        }
        Arc::clone(models.entry(model.to_owned()).or_default())
    }

    /// The states of all models that were asked for, by their names.
    pub(crate) fn models(&self) -> BTreeMap<String, Arc<ModelState>> {
        let models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        models.iter().map(|(name, state)| (name.clone(), Arc::clone(state))).collect()
    }

    /// The keys.
    pub(crate) fn keys(&self) -> MutexGuard<'_, KeyRing> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
