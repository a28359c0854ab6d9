//! The models that providers have, asked of the providers themselves.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use providers::Freshness;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use server::{Call, Response};

use crate::{Admin, answer, granted, parameters::Parameters, problem, view};

/// How the list of one provider's models is wanted.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListParameters {
    /// Whether the provider must be asked now, instead of a list that is still fresh.
    refresh: Option<bool>,
}

/// The models of one provider.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ModelList {
    /// The provider's name.
    provider: String,
    /// Ids as one would send them in a chat.
    models: Vec<String>,
    /// Why the provider could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Whether this is the last list known, because the provider could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    stale: Option<bool>,
}

/// The models of every enabled provider, by the provider's name.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AllModels(BTreeMap<String, Vec<String>>);

/// `GET /api/providers/{name}/models`
pub(crate) async fn of_one(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<ListParameters>>,
    mut call: Call,
) -> Response {
    let name = call.param("name").unwrap_or_default().to_owned();
    let snapshot = admin.manager.snapshot();
    let provider = match granted::provider(&snapshot, &call) {
        Ok(provider) => provider,
        Err(error) => return problem::provider_error(&error, "Failed to list models"),
    };
    let freshness = match parameters.read(&mut call, 0).await {
        Ok(ListParameters { refresh: Some(true) }) => Freshness::Refreshed,
        Ok(ListParameters { refresh: Some(false) | None }) => Freshness::Cached,
        Err(refused) => return refused,
    };
    if !provider.config().enabled {
        return problem::disabled(&name);
    }
    let models = provider.models(freshness).await;
    if let Some(fault) = &models.fault {
        pipeline::log(fault, &name);
    }
    answer::ok(&ModelList {
        error: models.fault.as_ref().map(|fault| pipeline::sentence(fault, Some(&name))),
        stale: models.stale.then_some(true),
        provider: name,
        models: models.ids,
    })
}

/// `GET /api/providers/models`
pub(crate) async fn of_all(admin: Arc<Admin>, call: Call) -> Response {
    let snapshot = admin.manager.snapshot();
    let asked = view::held(snapshot.enabled(), &call.caller.grant).map(|provider| async move {
        let models = provider.models(Freshness::Cached).await;
        (provider.config().name.to_string(), models.ids)
    });
    answer::ok(&AllModels(join_all(asked).await.into_iter().collect()))
}
