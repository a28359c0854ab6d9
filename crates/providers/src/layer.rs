//! One source of the registry: what is stored, or what the config file declares.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Provider, ProviderName, Route};

/// What one source has.
#[derive(Clone, Default)]
pub(crate) struct Layer {
    /// In order of registration, or as they stand in the file.
    pub providers: Vec<Arc<Provider>>,
    /// The provider that is used when a request names none, if this source says so.
    pub default: Option<ProviderName>,
    /// By name.
    pub routes: Arc<BTreeMap<String, Arc<Route>>>,
}

impl Layer {
    /// Finds a provider by its name.
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.config().name.as_str() == name)
    }

    /// The same with one route more, or another of its name.
    pub fn with_route(&self, route: Arc<Route>) -> Self {
        let mut routes = BTreeMap::clone(&self.routes);
        routes.insert(route.name.clone(), route);
        Self { routes: Arc::new(routes), ..self.clone() }
    }

    /// The same without a route.
    pub fn without_route(&self, name: &str) -> Self {
        let mut routes = BTreeMap::clone(&self.routes);
        routes.remove(name);
        Self { routes: Arc::new(routes), ..self.clone() }
    }
}
