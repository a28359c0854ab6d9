//! List, show, set and remove routes, each caller within what its key holds.

use std::{collections::BTreeMap, sync::Arc};

use grants::Grant;
use providers::{CandidateDescription, ProviderError, Route, RouteDescription, Snapshot};
use schemars::JsonSchema;
use serde::Serialize;
use server::{Call, Response};

use crate::{Admin, answer, parameters::Parameters, problem};

/// The longest description of a route that is taken.
const MOST_BYTES: usize = 1024 * 1024;

/// All routes that a caller may see.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RouteList {
    /// Every route by its name.
    routes: BTreeMap<String, RouteView>,
}

/// A route, as far as a caller may see it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RouteView {
    /// The name that callers send as the model.
    name: String,
    /// How candidates are ordered.
    strategy: &'static str,
    /// Who may answer, of those that the caller's key holds.
    candidates: Vec<CandidateDescription>,
    /// Where in the config file it stands, as `FILE:LINE`, if it does: then it can only be changed there.
    declared_at: Option<String>,
    /// What one should know of it: candidates that are passed over as things are.
    warnings: Vec<String>,
}

/// A route was removed.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Removed {
    /// Always `success`.
    status: &'static str,
}

/// `GET /api/routes`
pub(crate) async fn list(admin: Arc<Admin>, call: Call) -> Response {
    let snapshot = admin.manager.snapshot();
    let view = |route: &Arc<Route>| {
        Some((route.name.clone(), RouteView::of(route, &snapshot, &call.caller.grant)?))
    };
    answer::ok(&RouteList { routes: snapshot.routes().filter_map(view).collect() })
}

/// `GET /api/routes/{name}`
pub(crate) async fn show(admin: Arc<Admin>, call: Call) -> Response {
    let snapshot = admin.manager.snapshot();
    let route = snapshot.route(call.param("name").unwrap_or_default());
    match route.and_then(|route| RouteView::of(route, &snapshot, &call.caller.grant)) {
        Some(view) => answer::ok(&view),
        None => problem::provider_error(&ProviderError::NoSuchRoute, "Failed to show the route"),
    }
}

/// `PUT /api/routes/{name}`
pub(crate) async fn put(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<RouteDescription>>,
    mut call: Call,
) -> Response {
    let description = match parameters.read(&mut call, MOST_BYTES).await {
        Ok(description) => description,
        Err(refused) => return refused,
    };
    let name = call.param("name").unwrap_or_default().to_owned();
    let grant = &call.caller.grant;
    match admin.manager.put_route(grant.clone(), name, description).await {
        // Whoever could set it holds every candidate.
        Ok(route) => answer::ok(&RouteView::of(&route, &admin.manager.snapshot(), grant)),
        Err(error) => problem::provider_error(&error, "Failed to set the route"),
    }
}

/// `DELETE /api/routes/{name}`
pub(crate) async fn remove(admin: Arc<Admin>, call: Call) -> Response {
    let name = call.param("name").unwrap_or_default().to_owned();
    match admin.manager.remove_route(call.caller.grant.clone(), name).await {
        Ok(()) => answer::ok(&Removed { status: "success" }),
        Err(error) => problem::provider_error(&error, "Failed to remove the route"),
    }
}

impl RouteView {
    /// What the holder of `grant` may see of a route, if it is anything.
    fn of(route: &Route, snapshot: &Snapshot, grant: &Grant) -> Option<Self> {
        let candidates: Vec<_> = route.held(grant).cloned().collect();
        if candidates.is_empty() {
            return None;
        }
        let seen = Route { candidates, ..route.clone() };
        Some(Self {
            name: seen.name.clone(),
            strategy: seen.strategy.as_str(),
            candidates: seen.candidates.iter().map(CandidateDescription::from).collect(),
            declared_at: seen.declared_at.clone(),
            warnings: snapshot.warnings(&seen),
        })
    }
}
