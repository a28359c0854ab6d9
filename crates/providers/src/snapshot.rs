//! All providers at one moment, and what is known of their models.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use canonical::{ModelCard, Price};
use catalog::{Catalog, Facts};

use crate::{Provider, ProviderError, ProviderName, Route};

/// All providers at one moment, in the order of their registration. Never changes; it is swapped whole.
#[derive(Clone, Default)]
pub struct Snapshot {
    providers: Vec<Arc<Provider>>,
    by_name: HashMap<ProviderName, usize>,
    default: Option<ProviderName>,
    routes: Arc<BTreeMap<String, Arc<Route>>>,
    catalog: Arc<Catalog>,
    generation: u64,
}

impl Snapshot {
    /// Puts a snapshot together.
    pub(crate) fn new(providers: Vec<Arc<Provider>>, default: Option<ProviderName>) -> Self {
        let name = |provider: &Arc<Provider>| provider.config().name.clone();
        let by_name = providers.iter().map(name).zip(0..).collect();
        Self {
            providers,
            by_name,
            default,
            routes: Arc::default(),
            catalog: Arc::default(),
            generation: 0,
        }
    }

    /// The same providers with what that catalogue knows of their models.
    pub(crate) fn knowing(&self, catalog: &Arc<Catalog>) -> Self {
        Self { catalog: Arc::clone(catalog), ..self.clone() }
    }

    /// What is known of models.
    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Finds what is publicly known of the model that a provider calls `model`. Where nobody knows whose models a
    /// provider serves, the price may be another's than its own.
    #[must_use]
    pub fn facts(&self, provider: &Provider, model: &str) -> Option<&Facts> {
        self.catalog.find(provider.config().provider_type.vendor(), model)
    }

    /// Writes what is known of a provider's model into an entry for lists, under the name that callers send.
    ///
    /// A custom provider's price is known from an operator's file alone, for it may be a reseller or a machine of
    /// one's own; and no model of an Ollama server has a larger window than the server is asked for.
    #[must_use]
    pub fn card(&self, provider: &Provider, model: &str, name: &str) -> ModelCard {
        let config = provider.config();
        let Some(facts) = self.facts(provider, model) else {
            let provider = config.name.to_string();
            return ModelCard { id: name.to_owned(), provider, ..ModelCard::default() };
        };
        let mut card = facts.card(name, config.name.as_str());
        if config.provider_type.vendor().is_none() && !facts.is_operators {
            card.price = Price::default();
        }
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

    /// Which of all the snapshots of this process it is; each has a higher one than those before it.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Iterates over all providers, in the order of their registration.
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
