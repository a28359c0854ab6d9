//! Capabilities: what can be said of calls to a provider before any is made.

use canonical::{Fault, Losses};
use dialects::{ChatEndpoint, CountEndpoint, EmbeddingsEndpoint};
use keys::Caller;
use providers::Snapshot;

use crate::{
    Candidates, Lane, Target,
    resolve::{find_held, may_ask, require_askable, resolve, resolve_name},
};

/// Finds who would answer calls to that provider, for that model: one target where either is named, those of
/// a route where its name is, else one for each provider that the caller may ask.
///
/// # Errors
///
/// Fails as a call would that named them.
pub async fn targets(
    snapshot: &Snapshot,
    caller: &Caller,
    provider: Option<&str>,
    model: Option<&str>,
) -> Result<Vec<Target>, Fault> {
    match (provider, model) {
        (Some(_), Some(model)) => all(resolve(snapshot, caller, provider, model)?, caller),
        (None, Some(model)) => all(resolve_name(snapshot, caller, model).await?, caller),
        (Some(name), None) => {
            let provider = find_held(snapshot, &caller.grant, name)?;
            require_askable(provider)?;
            all(Candidates::one(Target::of_any_model(provider)), caller)
        }
        (None, None) => {
            let askable = snapshot
                .iter()
                .filter(|provider| may_ask(caller, provider) && require_askable(provider).is_ok());
            Ok(askable.map(Target::of_any_model).collect())
        }
    }
}

/// The targets of all candidates that the caller may ask.
fn all(mut candidates: Candidates, caller: &Caller) -> Result<Vec<Target>, Fault> {
    candidates.bar(caller);
    if candidates.able.is_empty() {
        return Err(candidates.nobody());
    }
    Ok(candidates.able.into_iter().map(|candidate| candidate.target).collect())
}

impl Target {
    /// The lane of a chat that is sent to `endpoint` with a body like this; `None` where it would be refused.
    #[must_use]
    pub fn chat_lane(&self, endpoint: &dyn ChatEndpoint, body: &[u8]) -> Option<Lane> {
        if self.speaks(endpoint.dialect()) {
            return Some(Lane::Bytes);
        }
        let is_read = endpoint.decode_request(body, &mut Losses::default()).is_ok();
        is_read.then_some(Lane::Translate)
    }

    /// The lane of a request for embeddings; `None` where it would be refused.
    #[must_use]
    pub fn embeddings_lane(&self, endpoint: &dyn EmbeddingsEndpoint) -> Option<Lane> {
        if self.speaks(endpoint.dialect()) {
            return Some(Lane::Bytes);
        }
        self.embeddings_place(1).map(|_| Lane::Translate)
    }

    /// The lane of a request to count tokens.
    #[must_use]
    pub fn count_lane(&self, endpoint: &dyn CountEndpoint) -> Lane {
        if self.speaks(endpoint.dialect()) { Lane::Bytes } else { Lane::Translate }
    }

    /// Whether the provider itself counts the tokens of what is translated to it; else they are estimated.
    #[must_use]
    pub fn counts_tokens(&self) -> bool {
        self.count_place().is_some()
    }
}
