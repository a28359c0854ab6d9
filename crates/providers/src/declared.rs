//! What the config file declares: checked whole, taken over whole.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use catalog::Catalog;
use upstream::Egress;

use crate::admission::Renewed;
use crate::{
    Provider, ProviderConfig, ProviderError, ProviderManager, ProviderName, Registration, Route,
    RouteDescription, Snapshot,
    layer::Layer,
    route_changes::{MOST_ROUTES, ambiguous, shadowing},
};

/// A provider that the config file declares.
#[derive(Clone, Debug)]
pub struct DeclaredProvider {
    config: ProviderConfig,
    declared_at: String,
}

/// A route that the config file declares.
#[derive(Clone, Debug)]
pub struct DeclaredRoute(Route);

/// Everything about providers and routes that the config file declares, checked.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    providers: Vec<DeclaredProvider>,
    routes: Vec<DeclaredRoute>,
    default: Option<ProviderName>,
}

/// A declaration that does not go with the others; the sentence says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclarationFault {
    /// A route.
    Route {
        /// Its name.
        name: String,
        /// What is wrong with it.
        sentence: String,
    },
    /// What is said of the default.
    Default {
        /// What is wrong with it.
        sentence: String,
    },
}

impl DeclaredProvider {
    /// Holds a declaration to the rules of a registration.
    ///
    /// # Errors
    ///
    /// Fails when a rule is broken.
    pub fn new(
        registration: Registration,
        declared_at: String,
        egress: &Egress,
    ) -> Result<Self, ProviderError> {
        let mut config = registration.check(egress)?;
        config.declared_at = Some(declared_at.clone());
        Ok(Self { config, declared_at })
    }
}

impl DeclaredRoute {
    /// Holds a declaration to the rules of a route.
    ///
    /// # Errors
    ///
    /// Returns a sentence for each rule that is broken.
    pub fn new(
        name: &str,
        description: RouteDescription,
        declared_at: String,
    ) -> Result<Self, Vec<String>> {
        let mut route = description.check(name)?;
        route.declared_at = Some(declared_at);
        Ok(Self(route))
    }
}

impl Declarations {
    /// Holds declarations against each other; `default` is the provider that is used when a request names none.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong.
    pub fn new(
        providers: Vec<DeclaredProvider>,
        routes: Vec<DeclaredRoute>,
        default: Option<&str>,
    ) -> Result<Self, Vec<DeclarationFault>> {
        let names: HashSet<&str> =
            providers.iter().map(|provider| provider.config.name.as_str()).collect();
        let mut faults = Vec::new();
        let mut refuse = |route: &Route, sentence| {
            faults.push(DeclarationFault::Route { name: route.name.clone(), sentence });
        };
        for DeclaredRoute(route) in &routes {
            if let Some(provider) = shadowing(&route.name, |first| names.contains(first)) {
                refuse(route, ambiguous(&route.name, provider));
            }
        }
        if let Some(DeclaredRoute(further)) = routes.get(MOST_ROUTES) {
            let sentence = format!("it is one more than {MOST_ROUTES}, the most: leave some out");
            refuse(further, sentence);
        }
        let known = default.filter(|name| names.contains(name));
        let default_name = known.and_then(|name| ProviderName::parse(name).ok());
        if let (Some(name), None) = (default, &default_name) {
            let sentence = format!(
                "no [providers.{name}] is declared: name one that is, or leave it out and choose a registered one with \
                 `closedpaw providers default`"
            );
            faults.push(DeclarationFault::Default { sentence });
        }
        if faults.is_empty() {
            Ok(Self { providers, routes, default: default_name })
        } else {
            Err(faults)
        }
    }
}

impl ProviderManager {
    /// Takes over what the config file declares, and what is known of models, in one swap: all of it, and together
    /// with it whatever `others` takes over; or nothing, if `others` fails.
    ///
    /// What is stored stays as it is; of what has the same name the declared one is seen. Providers that are reached
    /// as before keep their connections, model lists, health and windows. Returns the new generation.
    ///
    /// # Errors
    ///
    /// Fails with the sentences of `others`, and when a provider's headers can't be sent.
    pub fn set_declared(
        &self,
        declarations: Declarations,
        catalog: Catalog,
        others: impl FnOnce() -> Result<(), Vec<String>>,
    ) -> Result<u64, Vec<String>> {
        let _one_at_a_time = self.hold();
        let old = self.snapshot();
        let Declarations { providers, routes, default } = declarations;
        let mut faults = Vec::new();
        let mut made = Vec::with_capacity(providers.len());
        for declared in providers {
            let declared_at = declared.declared_at.clone();
            match self.provider(declared, &old) {
                Ok(provider) => made.push(Arc::new(provider)),
                Err(error) => faults.push(format!("{declared_at}: {error}")),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let named = |DeclaredRoute(route): DeclaredRoute| (route.name.clone(), Arc::new(route));
        let routes: BTreeMap<_, _> = routes.into_iter().map(named).collect();
        let declared = Layer { providers: made, default, routes: Arc::new(routes) };
        others()?;
        log_shadows(&old, &declared);
        declared.providers.iter().for_each(|provider| provider.apply_queue());
        let next = old.with_declared(declared, Arc::new(catalog));
        let generation = next.generation();
        self.snapshot.store(Arc::new(next));
        Ok(generation)
    }

    /// Makes a declared provider, out of the one of its name where there is one.
    fn provider(
        &self,
        declared: DeclaredProvider,
        old: &Snapshot,
    ) -> Result<Provider, ProviderError> {
        let DeclaredProvider { mut config, declared_at: _ } = declared;
        let Ok(before) = old.find(config.name.as_str()) else {
            return Provider::new(config, &self.egress);
        };
        if before.config().declared_at.is_some() {
            config.created_at = before.config().created_at;
        }
        let rate = config.rate_limit != before.config().rate_limit;
        let renewed = Renewed { rate, ..Renewed::default() };
        before.reconfigured(config, renewed, &self.egress)
    }
}

/// Tells of what is stored and can't be seen from now on.
fn log_shadows(old: &Snapshot, declared: &Layer) {
    for provider in &declared.providers {
        let config = provider.config();
        let name = config.name.as_str();
        if old.stored().provider(name).is_some() && old.declared().provider(name).is_none() {
            let declared_at = config.declared_at.as_deref();
            tracing::info!(
                provider = name,
                declared_at,
                "a declared provider hides the registered one"
            );
        }
    }
    for (name, route) in declared.routes.iter() {
        if old.stored().routes.contains_key(name) && !old.declared().routes.contains_key(name) {
            let declared_at = route.declared_at.as_deref();
            tracing::info!(route = %name, declared_at, "a declared route hides the one that was set");
        }
    }
}
