//! Resolve: from names to a provider and a model.

use std::sync::Arc;

use canonical::{ErrorKind, Fault};
use providers::{Provider, Snapshot, check_model};

use crate::ChatCall;

/// A provider and the model to ask it for.
#[derive(Clone)]
pub(crate) struct Target {
    /// The provider.
    pub(crate) provider: Arc<Provider>,
    /// The model's id, as the provider knows it.
    pub(crate) model: String,
}

/// Finds the provider and the model that the call means.
pub(crate) fn resolve(snapshot: &Snapshot, call: &ChatCall) -> Result<Target, Fault> {
    let invalid = |sentence| Fault::new(ErrorKind::InvalidRequest, sentence);
    let name = match (&call.provider, snapshot.default_name()) {
        (Some(name), _) => name.as_str(),
        (None, Some(default)) => default.as_str(),
        (None, None) => {
            return Err(invalid(
                "No provider given, and none is the default: send 'provider' or set one".to_owned(),
            ));
        }
    };
    let provider = snapshot
        .find(name)
        .map_err(|error| Fault::new(ErrorKind::NotFound, format!("{error}: {name}")))?;
    let config = provider.config();
    if !config.enabled {
        return Err(invalid(format!(
            "Provider {name} is disabled: enable it, or choose another provider"
        )));
    }
    provider.require_api_key()?;
    let asked = Some(&call.request.model).filter(|model| !model.is_empty());
    let model = asked.or(config.default_model.as_ref()).cloned().ok_or_else(|| {
        invalid(format!(
            "No model given, and provider {name} has no default_model: send 'model' or set one"
        ))
    })?;
    let model = check_model("model", model).map_err(|error| invalid(error.to_string()))?;
    Ok(Target { provider: Arc::clone(provider), model })
}
