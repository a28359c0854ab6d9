//! The registry: it owns the snapshot, and makes every change durable before it shows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use store::{Store, StoreError};
use upstream::Egress;
use vault::MasterKey;

use crate::{
    Change, Provider, ProviderError, ProviderName, Registration, Snapshot, layer::Layer,
    route_changes::refuse_routed, route_row, row,
};

/// The registry of providers. Readers take a snapshot; changes come one at a time.
pub struct ProviderManager {
    pub(crate) snapshot: ArcSwap<Snapshot>,
    changes: Mutex<()>,
    pub(crate) store: Arc<Store>,
    master_key: Arc<MasterKey>,
    pub(crate) egress: Arc<Egress>,
}

impl ProviderManager {
    /// Reads what is registered; of models nothing is known until [`Self::set_declared`].
    ///
    /// # Errors
    ///
    /// Fails when the store does, or when a sealed value can't be opened; the text names the provider.
    pub fn open(
        store: Arc<Store>,
        master_key: Arc<MasterKey>,
        egress: Arc<Egress>,
    ) -> Result<Arc<Self>, ProviderError> {
        let loaded = store.load().map_err(|error| ProviderError::Store(error.to_string()))?;
        let mut providers = Vec::with_capacity(loaded.providers.len());
        for stored in loaded.providers {
            let config = row::from_row(stored, &master_key)?;
            providers.push(Arc::new(Provider::new(config, &egress)?));
        }
        let default = loaded.default_provider.as_deref().map(ProviderName::parse).transpose();
        let default = default.map_err(ProviderError::Store)?;
        let routes = route_row::load(&store)?;
        let snapshot = Snapshot::first(Layer { providers, default, routes: Arc::new(routes) });
        Ok(Arc::new(Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            changes: Mutex::default(),
            store,
            master_key,
            egress,
        }))
    }

    /// All providers at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The way out.
    pub(crate) fn egress(&self) -> &Arc<Egress> {
        &self.egress
    }

    /// Whether the store can be read. Waits for the disk.
    #[must_use]
    pub fn store_answers(&self) -> bool {
        self.store.has_sealed_rows().is_ok()
    }

    /// Registers a provider; the first one becomes the default.
    ///
    /// # Errors
    ///
    /// Fails when a rule is broken, the name is taken, or the store fails.
    pub async fn register(
        self: &Arc<Self>,
        registration: Registration,
    ) -> Result<ProviderName, ProviderError> {
        self.change(move |manager, old| {
            let config = registration.check(&manager.egress)?;
            let name = config.name.clone();
            refuse_declared(old, name.as_str())?;
            refuse_routed(old, name.as_str())?;
            let new = row::to_row(&config, &manager.master_key)?;
            let provider = Arc::new(Provider::new(config, &manager.egress)?);
            let mut stored = old.stored().clone();
            if old.default_name().is_none() {
                manager.store.insert_provider(&new).map_err(|error| named(error, &name))?;
                stored.default = Some(name.clone());
            } else {
                manager.store.insert_further_provider(&new).map_err(|error| named(error, &name))?;
            }
            stored.providers.push(provider);
            Ok((old.with_stored(stored), name))
        })
        .await
    }

    /// Changes a provider.
    ///
    /// # Errors
    ///
    /// Fails when there is none of the name, a rule is broken, or the store fails.
    pub async fn update(
        self: &Arc<Self>,
        name: String,
        change: Change,
    ) -> Result<Arc<Provider>, ProviderError> {
        self.change(move |manager, old| {
            let before = old.find(&name)?;
            refuse_declared(old, &name)?;
            let renewed = change.renews();
            let config = change.apply(before.config(), &manager.egress)?;
            let new = row::to_row(&config, &manager.master_key)?;
            let after = before.reconfigured(config, renewed, &manager.egress)?;
            let name = before.config().name.clone();
            manager.store.update_provider(&new).map_err(|error| named(error, &name))?;
            after.apply_queue();
            let after = Arc::new(after);
            let mut stored = old.stored().clone();
            for provider in &mut stored.providers {
                if Arc::ptr_eq(provider, before) {
                    *provider = Arc::clone(&after);
                }
            }
            Ok((old.with_stored(stored), after))
        })
        .await
    }

    /// Removes a provider. A removed default passes to the earliest registered that is enabled.
    ///
    /// Returns the default from now on.
    ///
    /// # Errors
    ///
    /// Fails when there is none of the name, or the store fails.
    pub async fn remove(
        self: &Arc<Self>,
        name: String,
    ) -> Result<Option<ProviderName>, ProviderError> {
        self.change(move |manager, old| {
            let removed = old.find(&name)?;
            refuse_declared(old, &name)?;
            let name = removed.config().name.clone();
            let default = manager
                .store
                .delete_provider(name.as_str())
                .map_err(|error| named(error, &name))?;
            let default = default.as_deref().map(ProviderName::parse).transpose();
            let mut stored = old.stored().clone();
            stored.default = default.map_err(ProviderError::Store)?;
            stored.providers.retain(|provider| !Arc::ptr_eq(provider, removed));
            let snapshot = old.with_stored(stored);
            let default = snapshot.default_name().cloned();
            Ok((snapshot, default))
        })
        .await
    }

    /// Makes a provider the default.
    ///
    /// # Errors
    ///
    /// Fails when there is none of the name, or the store fails.
    pub async fn set_default(
        self: &Arc<Self>,
        name: String,
    ) -> Result<ProviderName, ProviderError> {
        self.change(move |manager, old| {
            let name = old.find(&name)?.config().name.clone();
            refuse_declared_default(old, &name)?;
            manager.store.set_default(name.as_str()).map_err(|error| named(error, &name))?;
            let mut stored = old.stored().clone();
            stored.default = Some(name.clone());
            Ok((old.with_stored(stored), name))
        })
        .await
    }

    /// Keeps everyone else from changing anything.
    pub(crate) fn hold(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one change to its end, even when the caller goes away: store first, snapshot next.
    pub(crate) async fn change<T, F>(self: &Arc<Self>, work: F) -> Result<T, ProviderError>
    where
        T: Send + 'static,
        F: FnOnce(&Self, &Snapshot) -> Result<(Snapshot, T), ProviderError> + Send + 'static,
    {
        let manager = Arc::clone(self);
        let run = move || {
            let _one_at_a_time = manager.hold();
            let (snapshot, outcome) = work(&manager, &manager.snapshot())?;
            manager.snapshot.store(Arc::new(snapshot));
            Ok(outcome)
        };
        tokio::task::spawn_blocking(run)
            .await
            .unwrap_or_else(|panic| Err(ProviderError::Store(format!("a change failed: {panic}"))))
    }
}

/// Refuses to change a provider that the config file declares.
fn refuse_declared(old: &Snapshot, name: &str) -> Result<(), ProviderError> {
    let declared = old.declared().provider(name);
    match declared.and_then(|provider| provider.config().declared_at.as_deref()) {
        Some(declared_at) => Err(ProviderError::declared("Provider", name, declared_at)),
        None => Ok(()),
    }
}

/// Refuses to choose a default where the config file does, or would have to.
fn refuse_declared_default(old: &Snapshot, name: &ProviderName) -> Result<(), ProviderError> {
    let declared = old.declared();
    let own = declared
        .default
        .as_ref()
        .or(Some(name))
        .filter(|own| declared.provider(own.as_str()).is_some());
    let declared_at =
        own.and_then(|own| declared.provider(own.as_str())?.config().declared_at.as_deref());
    match (own, declared_at) {
        (Some(own), Some(declared_at)) => Err(ProviderError::Declared(format!(
            "Provider '{own}' is declared at {declared_at}: choose the default in the same file, with \
             default_provider in [models], and reload the configuration"
        ))),
        (_, _) => Ok(()),
    }
}

/// Tells the store's refusals that callers can act on from its failures.
fn named(error: StoreError, name: &ProviderName) -> ProviderError {
    match error {
        StoreError::NameTaken => ProviderError::NameTaken(name.to_string()),
        StoreError::NotFound => ProviderError::NotFound,
        failure => ProviderError::Store(failure.to_string()),
    }
}
