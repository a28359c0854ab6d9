//! All providers at one moment.

use std::{collections::HashMap, sync::Arc};

use crate::{Provider, ProviderError, ProviderName};

/// All providers at one moment, in the order of their registration. Never changes; it is swapped whole.
#[derive(Default)]
pub struct Snapshot {
    providers: Vec<Arc<Provider>>,
    by_name: HashMap<ProviderName, usize>,
    default: Option<ProviderName>,
}

impl Snapshot {
    /// Puts a snapshot together.
    pub(crate) fn new(providers: Vec<Arc<Provider>>, default: Option<ProviderName>) -> Self {
        let name = |provider: &Arc<Provider>| provider.config().name.clone();
        let by_name = providers.iter().map(name).zip(0..).collect();
        Self { providers, by_name, default }
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
