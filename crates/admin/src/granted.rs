//! What a caller's key holds of the registry: providers that it does not hold are not there for it.

use std::sync::Arc;

use providers::{Provider, ProviderError, Snapshot};
use server::Call;

/// Finds the provider that the path names, if the caller's key holds it.
///
/// # Errors
///
/// Fails when there is none, or it is not held: nobody learns which.
pub(crate) fn provider<'s>(
    snapshot: &'s Snapshot,
    call: &Call,
) -> Result<&'s Arc<Provider>, ProviderError> {
    let name = call.param("name").unwrap_or_default();
    if call.caller.grant.holds_provider(name) {
        snapshot.find(name)
    } else {
        Err(ProviderError::NotFound)
    }
}
