//! A registry in directories of its own, and short ways to fill it.

use std::sync::Arc;

use providers::{Change, Provider, ProviderError, ProviderManager, Registration};
use serde_json::{Value, json};
use store::Store;
use tempfile::TempDir;
use testkit::scripted::ScriptedProvider;
use upstream::Egress;
use vault::{IfMissing, MasterKey};

/// A key as long as real ones.
pub const KEY: &str = "sk-0123456789-abcdefghij-KLMN";

/// A registry, and the directories that outlive it.
pub struct Registry {
    pub manager: Arc<ProviderManager>,
    pub egress: Arc<Egress>,
    pub data_dir: TempDir,
    pub keys_dir: TempDir,
}

impl Registry {
    /// Makes an empty one.
    pub fn new() -> Self {
        let (data_dir, keys_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        Self::on(data_dir, keys_dir)
    }

    /// Opens what is stored once more, as the next start would.
    pub fn reopen(self) -> Self {
        let Self { manager, egress: _, data_dir, keys_dir } = self;
        drop(manager);
        Self::on(data_dir, keys_dir)
    }

    fn on(data_dir: TempDir, keys_dir: TempDir) -> Self {
        let egress = Arc::new(Egress::new());
        let manager = open(&data_dir, &keys_dir, &egress).unwrap();
        Self { manager, egress, data_dir, keys_dir }
    }

    /// Registers what the JSON describes, and gives the provider.
    pub async fn register(&self, description: Value) -> Arc<Provider> {
        let name = self.try_register(description).await.unwrap();
        self.get(&name)
    }

    /// Registers what the JSON describes, and gives the name or the sentence of the refusal.
    pub async fn try_register(&self, description: Value) -> Result<String, ProviderError> {
        let registration: Registration = serde_json::from_value(description).unwrap();
        self.manager.register(registration).await.map(|name| name.to_string())
    }

    /// Registers a provider of the type, called `p`, with a key, at a scripted one's address.
    pub async fn register_at(
        &self,
        provider: &ScriptedProvider,
        provider_type: &str,
    ) -> Arc<Provider> {
        self.register(json!({
            "name": "p", "provider_type": provider_type, "api_key": KEY,
            "base_url": provider.url(), "network": "local",
        }))
        .await
    }

    /// Registers a custom provider of the preset, called `p`, at a scripted one's address.
    pub async fn register_preset_at(
        &self,
        provider: &ScriptedProvider,
        preset: &str,
    ) -> Arc<Provider> {
        self.register(json!({
            "name": "p", "provider_type": "custom", "api_key": KEY, "base_url": provider.url(),
            "network": "local", "settings": { "preset": preset }, "models": ["sonar"],
        }))
        .await
    }

    /// Changes the provider `p` as the JSON says.
    pub async fn change(&self, change: Value) -> Result<Arc<Provider>, ProviderError> {
        let change: Change = serde_json::from_value(change).unwrap();
        self.manager.update("p".to_owned(), change).await
    }

    /// The provider of that name.
    pub fn get(&self, name: &str) -> Arc<Provider> {
        Arc::clone(self.manager.snapshot().find(name).unwrap())
    }

    /// The name of the default.
    pub fn default_name(&self) -> Option<String> {
        self.manager.snapshot().default_name().map(ToString::to_string)
    }

    /// All names, in the order of registration.
    pub fn names(&self) -> Vec<String> {
        let snapshot = self.manager.snapshot();
        snapshot.iter().map(|provider| provider.config().name.to_string()).collect()
    }
}

/// Opens a registry on what the directories hold.
pub fn open(
    data_dir: &TempDir,
    keys_dir: &TempDir,
    egress: &Arc<Egress>,
) -> Result<Arc<ProviderManager>, ProviderError> {
    let store = Arc::new(Store::open(data_dir.path()).unwrap());
    let master_key = MasterKey::load(keys_dir.path(), IfMissing::Create).unwrap();
    ProviderManager::open(store, Arc::new(master_key), Arc::clone(egress))
}
