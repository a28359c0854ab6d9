//! All providers at one moment, and what is known of their models.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use canonical::{ModelCard, Price};
use catalog::{Catalog, Facts};

use crate::{Provider, ProviderError, ProviderName, Route, RouteCandidate, layer::Layer};

/// All providers at one moment: those that the config file declares, then the others in the order of their
/// registration. Never changes; it is swapped whole.
#[derive(Clone, Default)]
pub struct Snapshot {
    stored: Layer,
    declared: Layer,
    providers: Vec<Arc<Provider>>,
    by_name: HashMap<ProviderName, usize>,
    default: Option<ProviderName>,
    routes: Arc<BTreeMap<String, Arc<Route>>>,
    catalog: Arc<Catalog>,
    generation: u64,
}

impl Snapshot {
    /// The first one: what is stored, before anything is declared or known of models.
    pub(crate) fn first(stored: Layer) -> Self {
        Self::default().with_stored(stored)
    }

    /// The next one, in which something else is stored.
    pub(crate) fn with_stored(&self, stored: Layer) -> Self {
        self.next(stored, self.declared.clone(), Arc::clone(&self.catalog))
    }

    /// The next one, in which something else is declared and known of models.
    pub(crate) fn with_declared(&self, declared: Layer, catalog: Arc<Catalog>) -> Self {
        self.next(self.stored.clone(), declared, catalog)
    }

    /// Lays what is declared over what is stored.
    fn next(&self, stored: Layer, declared: Layer, catalog: Arc<Catalog>) -> Self {
        let is_shadowed = |provider: &&Arc<Provider>| {
            declared.provider(provider.config().name.as_str()).is_some()
        };
        let seen = stored.providers.iter().filter(|provider| !is_shadowed(provider));
        let providers: Vec<_> = declared.providers.iter().chain(seen).cloned().collect();
        let name = |provider: &Arc<Provider>| provider.config().name.clone();
        let by_name = providers.iter().map(name).zip(0..).collect();
        let first = declared.providers.iter().find(|provider| provider.config().enabled).map(name);
        let default = declared.default.clone().or_else(|| stored.default.clone()).or(first);
        let routes = match (stored.routes.is_empty(), declared.routes.is_empty()) {
            (true, _) => Arc::clone(&declared.routes),
            (false, true) => Arc::clone(&stored.routes),
            (false, false) => {
                let own = |(name, route): (&String, &Arc<Route>)| (name.clone(), Arc::clone(route));
                Arc::new(stored.routes.iter().chain(declared.routes.iter()).map(own).collect())
            }
        };
        let generation = self.generation + 1;
        Self { stored, declared, providers, by_name, default, routes, catalog, generation }
    }

    /// What is stored.
    pub(crate) fn stored(&self) -> &Layer {
        &self.stored
    }

    /// What the config file declares.
    pub(crate) fn declared(&self) -> &Layer {
        &self.declared
    }

    /// Finds what is publicly known of the model that a provider calls `model`. Where nobody knows whose models a
    /// provider serves, the price may be another's than its own.
    #[must_use]
    pub fn facts(&self, provider: &Provider, model: &str) -> Option<&Facts> {
        self.catalog.find(provider.config().provider_type.vendor(), model)
    }

    /// What a provider asks for a model, as far as it is known.
    ///
    /// A custom provider's price is known from an operator's file alone, for it may be a reseller or a machine of one's
    /// own.
    #[must_use]
    pub fn price(&self, provider: &Provider, model: &str) -> Price {
        self.facts(provider, model).map(|facts| price(provider, facts)).unwrap_or_default()
    }

    /// Writes what is known of a provider's model into an entry for lists, under the name that callers send.
    ///
    /// The price is [`Self::price`]; and no model of an Ollama server has a larger window than the server is asked for.
    #[must_use]
    pub fn card(&self, provider: &Provider, model: &str, name: &str) -> ModelCard {
        let config = provider.config();
        let Some(facts) = self.facts(provider, model) else {
            let provider = config.name.to_string();
            return ModelCard { id: name.to_owned(), provider, ..ModelCard::default() };
        };
        let mut card = facts.card(name, config.name.as_str());
        card.price = price(provider, facts);
        let largest = config.settings.num_ctx.unwrap_or(u64::MAX);
        card.context_window_tokens = card.context_window_tokens.map(|window| window.min(largest));
        card
    }

    /// Iterates over all routes, by name.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.routes.values()
    }

    /// Finds a route by its name.
    #[must_use]
    pub fn route(&self, name: &str) -> Option<&Arc<Route>> {
        self.routes.get(name)
    }

    /// What a person should know of a route: candidates that are passed over as things are.
    #[must_use]
    pub fn warnings(&self, route: &Route) -> Vec<String> {
        let warning = |candidate: &RouteCandidate| {
            let name = &candidate.provider;
            match self.find(name) {
                Err(_) => Some(format!(
                    "No provider is called '{name}': its candidates are passed over until one is"
                )),
                Ok(provider) if !provider.config().enabled => Some(format!(
                    "Provider '{name}' is disabled: its candidates are passed over until it is enabled"
                )),
                Ok(_) => None,
            }
        };
        let mut warnings: Vec<_> = route.candidates.iter().filter_map(warning).collect();
        let mut seen = HashSet::new();
        warnings.retain(|warning| seen.insert(warning.clone()));
        warnings
    }

    /// Which of all the snapshots of this process it is; each has a higher one than those before it.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Iterates over all providers: the declared ones, then the others in the order of their registration.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.providers.iter()
    }

    /// Iterates over those that take part in models, health and chat.
    pub fn enabled(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.providers.iter().filter(|provider| provider.config().enabled)
    }

    /// Finds a provider by its name.
    ///
    /// # Errors
    ///
    /// Fails when there is none.
    pub fn find(&self, name: &str) -> Result<&Arc<Provider>, ProviderError> {
        let index = self.by_name.get(name).copied();
        index.and_then(|index| self.providers.get(index)).ok_or(ProviderError::NotFound)
    }

    /// The name of the provider that is used when a request names none.
    #[must_use]
    pub fn default_name(&self) -> Option<&ProviderName> {
        self.default.as_ref()
    }
}

fn price(provider: &Provider, facts: &Facts) -> Price {
    let is_known = provider.config().provider_type.vendor().is_some() || facts.is_operators;
    if is_known { facts.price } else { Price::default() }
}
