//! Which providers are up, by real probes.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;
use server::{Call, Response};

use crate::{
    Admin, answer, granted, problem,
    view::{self, HealthView},
};

/// Whether each enabled provider is healthy, by the provider's name.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AllHealth(BTreeMap<String, bool>);

/// `GET /api/providers/health`
pub(crate) async fn of_all(admin: Arc<Admin>, call: Call) -> Response {
    let snapshot = admin.manager.snapshot();
    let probes = view::held(snapshot.enabled(), &call.caller.grant).map(|provider| async move {
        let health = provider.health().await;
        (provider.config().name.to_string(), health.state.is_healthy())
    });
    answer::ok(&AllHealth(join_all(probes).await.into_iter().collect()))
}

/// `GET /api/providers/{name}/health`
pub(crate) async fn of_one(admin: Arc<Admin>, call: Call) -> Response {
    let name = call.param("name").unwrap_or_default();
    let snapshot = admin.manager.snapshot();
    match granted::provider(&snapshot, &call) {
        Ok(provider) if provider.config().enabled => {
            answer::ok(&HealthView::of(provider, &provider.health().await))
        }
        Ok(_) => problem::disabled(name),
        Err(error) => problem::provider_error(&error, "Failed to probe the provider"),
    }
}
