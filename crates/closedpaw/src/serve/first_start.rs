//! What a fresh data dir begins with: Ollama on this machine, as the default.

use std::sync::Arc;

use providers::{ProviderManager, ProviderType, Registration};
use store::Store;

use crate::failure::Failure;

/// Set once the data dir is no longer fresh, so that a provider that was removed stays removed.
const SEEDED: &str = "seeded";

/// Registers Ollama if nothing was ever registered here.
pub async fn register_ollama(
    store: &Arc<Store>,
    manager: &Arc<ProviderManager>,
) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::failed(error.to_string());
    if store.setting(SEEDED).map_err(|error| failed(&error))?.is_some() {
        return Ok(());
    }
    if manager.snapshot().iter().next().is_none() {
        let ollama = Registration {
            provider_type: ProviderType::Ollama.to_string(),
            name: "ollama".to_owned(),
            default_model: Some("llama3.2:3b".to_owned()),
            ..Registration::default()
        };
        manager.register(ollama).await.map_err(|error| failed(&error))?;
    }
    store.set_setting(SEEDED, "yes").map_err(|error| failed(&error))
}
