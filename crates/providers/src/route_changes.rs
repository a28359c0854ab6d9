//! Changes of routes: first the disk, then the snapshot.

use std::sync::Arc;

use futures_util::future::join_all;
use grants::Grant;
use store::StoreError;

use crate::{
    Freshness, Provider, ProviderError, ProviderManager, Route, RouteDescription, Snapshot,
    route_description::refused, route_row,
};

/// More routes than anyone keeps apart.
pub(crate) const MOST_ROUTES: usize = 1000;

impl ProviderManager {
    /// Makes a route, or replaces the one of that name. The holder of `grant` must hold every candidate, of the new one
    /// and of the old.
    ///
    /// # Errors
    ///
    /// Fails when a rule is broken, a candidate isn't held, the route is declared in the config file, or the store
    /// fails.
    pub async fn put_route(
        self: &Arc<Self>,
        grant: Grant,
        name: String,
        description: RouteDescription,
    ) -> Result<Arc<Route>, ProviderError> {
        self.refuse_foreign_name(&grant, &name).await?;
        self.change(move |manager, old| {
            let route = description.check(&name).map_err(|faults| refused(&faults))?;
            refuse_to_touch(old, &grant, &route)?;
            let stored = old.stored();
            match old.route(&name) {
                Some(before) => refuse_to_touch(old, &grant, before)?,
                None if stored.routes.len() >= MOST_ROUTES => {
                    return Err(ProviderError::Invalid(format!(
                        "There are {MOST_ROUTES} routes, which is the most: remove one first"
                    )));
                }
                None => {}
            }
            if let Some(provider) = shadowing(&name, |name| old.find(name).is_ok()) {
                return Err(ProviderError::Invalid(ambiguous(&name, provider)));
            }
            let route = Arc::new(route);
            manager.store.put_route(&route_row::to_row(&route)?).map_err(failed)?;
            Ok((old.with_stored(stored.with_route(Arc::clone(&route))), route))
        })
        .await
    }

    /// Refuses a new route whose name others send for a model that the holder of `grant` does not hold: a route comes
    /// before models, so their requests would go where it leads.
    async fn refuse_foreign_name(&self, grant: &Grant, name: &str) -> Result<(), ProviderError> {
        let snapshot = self.snapshot();
        if snapshot.route(name).is_some() {
            return Ok(());
        }
        let foreign = |provider: &&Arc<Provider>| {
            !grant.holds_model(provider.config().name.as_str(), name, None)
        };
        let lists = snapshot.enabled().filter(foreign).map(|provider| async move {
            provider.models(Freshness::Cached).await.ids.iter().any(|id| id == name)
        });
        if !join_all(lists).await.contains(&true) {
            return Ok(());
        }
        Err(ProviderError::NotHeld(format!(
            "Others ask for a model by the name '{name}', and your key does not hold it: choose another name for the route"
        )))
    }

    /// Removes a route. The holder of `grant` must hold every candidate.
    ///
    /// # Errors
    ///
    /// Fails when there is none of the name that the holder may see, a candidate isn't held, the route is declared in
    /// the config file, or the store fails.
    pub async fn remove_route(
        self: &Arc<Self>,
        grant: Grant,
        name: String,
    ) -> Result<(), ProviderError> {
        self.change(move |manager, old| {
            let route = old.route(&name).ok_or(ProviderError::NoSuchRoute)?;
            if route.held(&grant).next().is_none() {
                return Err(ProviderError::NoSuchRoute);
            }
            refuse_to_touch(old, &grant, route)?;
            manager.store.delete_route(&name).map_err(failed)?;
            Ok((old.with_stored(old.stored().without_route(&name)), ()))
        })
        .await
    }
}

/// Refuses whoever does not hold all of a route, and to change one that the config file declares.
fn refuse_to_touch(old: &Snapshot, grant: &Grant, route: &Route) -> Result<(), ProviderError> {
    let name = &route.name;
    if !route.is_held_whole(grant) {
        return Err(ProviderError::NotHeld(format!(
            "Your key does not hold every candidate of the route '{name}': a route can be changed by whoever holds all \
             its providers and models"
        )));
    }
    let declared = old.declared().routes.get(name);
    match declared.and_then(|route| route.declared_at.as_deref()) {
        Some(declared_at) => Err(ProviderError::declared("Route", name, declared_at)),
        None => Ok(()),
    }
}

/// The provider that a route's name would be read as the beginning of.
pub(crate) fn shadowing(name: &str, is_provider: impl Fn(&str) -> bool) -> Option<&str> {
    let (first, _) = name.split_once('/')?;
    is_provider(first).then_some(first)
}

/// Says why a name that begins with a provider's is none for a route.
pub(crate) fn ambiguous(name: &str, provider: &str) -> String {
    format!(
        "The route name '{name}' is ambiguous: '{provider}' is a provider, and what follows the slash would be its model; \
         choose a name with another beginning"
    )
}

/// Refuses the name of a provider that routes begin with: they would come before its models.
pub(crate) fn refuse_routed(old: &Snapshot, provider: &str) -> Result<(), ProviderError> {
    let mut routes = old.routes();
    match routes.find(|route| shadowing(&route.name, |first| first == provider).is_some()) {
        Some(route) => Err(ProviderError::Invalid(format!(
            "The route '{}' begins with '{provider}/', as the names of such a provider's models would: remove the route, \
             or choose another name",
            route.name
        ))),
        None => Ok(()),
    }
}

/// Tells what the caller can act on from failures.
fn failed(error: StoreError) -> ProviderError {
    match error {
        StoreError::NotFound => ProviderError::NoSuchRoute,
        failure => ProviderError::Store(failure.to_string()),
    }
}
