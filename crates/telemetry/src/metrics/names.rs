//! Which providers and models have series of their own. A caller can't make one by asking for a name.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Providers that are told apart.
const MOST_PROVIDERS: usize = 200;

/// Models that are told apart, of all providers together.
const MOST_MODELS: usize = 500;

/// Bytes of the longest name that is kept.
const MOST_BYTES: usize = 200;

/// What stands for every name beyond those.
pub(super) const OTHER: &str = "other";

/// A label's value, shared by all series that have it.
pub(super) type Name = Arc<str>;

/// A provider and its model, as labels have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) provider: Name,
    pub(super) model: Name,
}

/// How well a model is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It answered, so its provider has it.
    Answered,
    /// It was asked for.
    Asked,
}

/// The names that have series of their own.
#[derive(Debug)]
pub(super) struct Names {
    known: RwLock<Known>,
    /// For what has no name, such as the model of a request that found none.
    none: Name,
    other: Name,
}

#[derive(Debug, Default)]
struct Known {
    providers: HashMap<String, Provider>,
    models: usize,
}

#[derive(Debug)]
struct Provider {
    name: Name,
    models: HashMap<String, Name>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { known: RwLock::default(), none: "".into(), other: OTHER.into() }
    }

    /// The labels of a request's provider and model. A model is told apart once it has answered.
    pub(super) fn target(
        &self,
        provider: Option<&str>,
        model: Option<&str>,
        standing: Standing,
    ) -> Target {
        let Some(provider) = provider else {
            return Target { provider: Arc::clone(&self.none), model: Arc::clone(&self.none) };
        };
        let Some(model) = model else {
            return Target { provider: self.provider(provider), model: Arc::clone(&self.none) };
        };
        if let Some(target) = self.find(provider, model) {
            return target;
        }
        let provider_name = self.provider(provider);
        let model = match standing {
            Standing::Answered => self.learn(provider, model),
            Standing::Asked => None,
        };
        Target { provider: provider_name, model: model.unwrap_or_else(|| Arc::clone(&self.other)) }
    }

    /// The label of a provider, which callers can't invent: it is one that was registered.
    pub(super) fn provider(&self, provider: &str) -> Name {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.providers.get(provider) {
            return Arc::clone(&known.name);
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.providers.len() >= MOST_PROVIDERS || provider.len() > MOST_BYTES {
            return Arc::clone(&self.other);
        }
        let made = || Provider { name: provider.into(), models: HashMap::new() };
        Arc::clone(&known.providers.entry(provider.to_owned()).or_insert_with(made).name)
    }

    /// The labels of a model that has series of its own.
    fn find(&self, provider: &str, model: &str) -> Option<Target> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let provider = known.providers.get(provider)?;
        let model = provider.models.get(model)?;
        Some(Target { provider: Arc::clone(&provider.name), model: Arc::clone(model) })
    }

    fn learn(&self, provider: &str, model: &str) -> Option<Name> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Known { providers, models } = &mut *known;
        let provider = providers.get_mut(provider)?;
        if let Some(name) = provider.models.get(model) {
            return Some(Arc::clone(name));
        }
        if *models >= MOST_MODELS || model.len() > MOST_BYTES {
            return None;
        }
        *models += 1;
        let name: Name = model.into();
        provider.models.insert(model.to_owned(), Arc::clone(&name));
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &Names, asked: (&str, &str), standing: Standing, expected: (&str, &str)) {
        let target = names.target(Some(asked.0), Some(asked.1), standing);
        assert_eq!((&*target.provider, &*target.model), expected, "{asked:?}");
    }

    #[test]
    fn a_model_gets_its_name_by_answering() {
        let names = Names::new();
        check(&names, ("ollama", "m"), Standing::Asked, ("ollama", OTHER));
        check(&names, ("ollama", "m"), Standing::Answered, ("ollama", "m"));
        check(&names, ("ollama", "m"), Standing::Asked, ("ollama", "m"));
        check(&names, ("other-one", "m"), Standing::Asked, ("other-one", OTHER));
    }

    #[test]
    fn what_found_no_provider_has_no_name() {
        let names = Names::new();
        let none = names.target(None, Some("invented"), Standing::Asked);
        assert_eq!((&*none.provider, &*none.model), ("", ""));
        let no_model = names.target(Some("ollama"), None, Standing::Asked);
        assert_eq!((&*no_model.provider, &*no_model.model), ("ollama", ""));
    }

    #[test]
    fn names_are_few_and_short() {
        let names = Names::new();
        let long = "x".repeat(MOST_BYTES + 1);
        check(&names, ("ollama", &long), Standing::Answered, ("ollama", OTHER));
        for number in 0..MOST_MODELS {
            let model = format!("m{number}");
            check(&names, ("ollama", &model), Standing::Answered, ("ollama", &model));
        }
        check(&names, ("ollama", "one too many"), Standing::Answered, ("ollama", OTHER));
        check(&names, ("ollama", "m7"), Standing::Answered, ("ollama", "m7"));
        for number in 1..MOST_PROVIDERS {
            let provider = format!("p{number}");
            check(&names, (&provider, "m"), Standing::Asked, (&provider, OTHER));
        }
        check(&names, ("one too many", "m"), Standing::Answered, (OTHER, OTHER));
    }
}
