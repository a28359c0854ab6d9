//! The registry: it owns the snapshot, and makes every change durable before it shows.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use catalog::Catalog;
use store::{Store, StoreError};
use upstream::Egress;
use vault::MasterKey;

use crate::{Change, Provider, ProviderError, ProviderName, Registration, Snapshot, row};

/// The registry of providers. Readers take a snapshot; changes come one at a time.
pub struct ProviderManager {
    snapshot: ArcSwap<Snapshot>,
    changes: Mutex<()>,
    store: Arc<Store>,
    master_key: Arc<MasterKey>,
    egress: Arc<Egress>,
}

impl ProviderManager {
    /// Reads what is registered; of models nothing is known until [`Self::set_catalog`].
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
        let snapshot = Snapshot::new(providers, default.map_err(ProviderError::Store)?);
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

    /// Takes over what is known of models from now on.
    pub fn set_catalog(&self, catalog: Catalog) {
        let catalog = Arc::new(catalog);
        self.snapshot.rcu(|now| now.knowing(&catalog));
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
            let new = row::to_row(&config, &manager.master_key)?;
            let provider = Arc::new(Provider::new(config, &manager.egress)?);
            manager.store.insert_provider(&new).map_err(|error| named(error, &name))?;
            let providers = old.iter().cloned().chain([provider]).collect();
            let default = old.default_name().cloned().or_else(|| Some(name.clone()));
            Ok((Snapshot::new(providers, default), name))
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
            let renewed = change.renews();
            let config = change.apply(before.config(), &manager.egress)?;
            let new = row::to_row(&config, &manager.master_key)?;
            let after = before.reconfigured(config, renewed, &manager.egress)?;
            let name = before.config().name.clone();
            manager.store.update_provider(&new).map_err(|error| named(error, &name))?;
            after.apply_queue();
            let after = Arc::new(after);
            let replace = |provider: &Arc<Provider>| {
                Arc::clone(if Arc::ptr_eq(provider, before) { &after } else { provider })
            };
            let snapshot =
                Snapshot::new(old.iter().map(replace).collect(), old.default_name().cloned());
            Ok((snapshot, Arc::clone(&after)))
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
            let name = removed.config().name.clone();
            let default = manager
                .store
                .delete_provider(name.as_str())
                .map_err(|error| named(error, &name))?;
            let default = default.as_deref().map(ProviderName::parse).transpose();
            let default = default.map_err(ProviderError::Store)?;
            let kept = old.iter().filter(|provider| !Arc::ptr_eq(provider, removed)).cloned();
            Ok((Snapshot::new(kept.collect(), default.clone()), default))
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
            manager.store.set_default(name.as_str()).map_err(|error| named(error, &name))?;
            let snapshot = Snapshot::new(old.iter().cloned().collect(), Some(name.clone()));
            Ok((snapshot, name))
        })
        .await
    }

    /// Runs one change to its end, even when the caller goes away: store first, snapshot next.
    async fn change<T, F>(self: &Arc<Self>, work: F) -> Result<T, ProviderError>
    where
        T: Send + 'static,
        F: FnOnce(&Self, &Snapshot) -> Result<(Snapshot, T), ProviderError> + Send + 'static,
    {
        let manager = Arc::clone(self);
        let run = move || {
            let _one_at_a_time = manager.changes.lock().unwrap_or_else(PoisonError::into_inner);
            let (snapshot, outcome) = work(&manager, &manager.snapshot())?;
            manager.snapshot.rcu(|now| snapshot.knowing(now.catalog()));
            Ok(outcome)
        };
        tokio::task::spawn_blocking(run)
            .await
            .unwrap_or_else(|panic| Err(ProviderError::Store(format!("a change failed: {panic}"))))
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
