//! What is remembered of a provider's traffic for as long as it is reached in the same way.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use routing::{BreakerState, KeyRing, ModelState};

/// Models that are told apart. When there are more, those that nobody uses and that did not fail are forgotten; beyond
/// that all further ones share one state, so that callers who invent names can't make us remember them all.
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
            let now = Instant::now();
            models.retain(|_, state| {
                Arc::strong_count(state) > 1 || state.breaker(now) != BreakerState::Closed
            });
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

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use routing::Outcome;

    use super::{MOST_MODELS, Traffic};

    #[test]
    fn names_that_nobody_uses_are_forgotten_and_failures_are_not() {
        let (traffic, now) = (Traffic::new(1), Instant::now());
        let used = traffic.model("used");
        let failing = traffic.model("failing");
        for _ in 0..5 {
            let trial = failing.begin(now, &mut || 0).unwrap();
            failing.end(trial, Outcome::Failed, now);
        }
        let opened = failing.breaker(now);
        drop(failing);
        for number in 0..3 * MOST_MODELS {
            traffic.model(&number.to_string());
        }
        assert!(traffic.models().len() <= MOST_MODELS);
        assert!(Arc::ptr_eq(&used, &traffic.model("used")));
        assert_eq!(traffic.model("failing").breaker(now), opened);
        assert!(!Arc::ptr_eq(&traffic.model("new"), &traffic.further));
    }
}
