//! Register, list, show, change and remove providers, and choose the default.

use std::sync::Arc;

use http::StatusCode;
use providers::{Change, ProviderName, Registration};
use schemars::JsonSchema;
use serde::Serialize;
use server::{Call, Response, response};

use crate::{
    Admin, answer, granted,
    parameters::Parameters,
    problem,
    view::{self, ProviderList, ProviderView},
};

/// The longest description of a provider that is taken.
const MOST_BYTES: usize = 1024 * 1024;

/// A provider was registered.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Registered {
    /// Always `success`.
    status: &'static str,
    /// The name that it was registered by.
    provider: String,
}

/// Who is the default from now on.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DefaultProvider {
    /// Always `success`.
    status: &'static str,
    /// The provider that is used when a request names none.
    default_provider: Option<String>,
}

/// `POST /api/providers/register`
pub(crate) async fn register(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<Registration>>,
    mut call: Call,
) -> Response {
    let registration = match parameters.read(&mut call, MOST_BYTES).await {
        Ok(registration) => registration,
        Err(refused) => return refused,
    };
    if !call.caller.grant.holds_provider(&registration.name) {
        return response::detail(
            StatusCode::FORBIDDEN,
            "Your key does not hold a provider of that name: choose one that its patterns mean",
        );
    }
    match admin.manager.register(registration).await {
        Ok(name) => answer::ok(&Registered { status: "success", provider: name.to_string() }),
        Err(error) => problem::provider_error(&error, "Failed to register provider"),
    }
}

/// `GET /api/providers`
pub(crate) async fn list(admin: Arc<Admin>, call: Call) -> Response {
    answer::ok(&ProviderList::of(&admin.manager.snapshot(), &call.caller.grant))
}

/// `GET /api/providers/{name}`
pub(crate) async fn show(admin: Arc<Admin>, call: Call) -> Response {
    let snapshot = admin.manager.snapshot();
    match granted::provider(&snapshot, &call) {
        Ok(provider) => answer::ok(&ProviderView::of(provider, &snapshot)),
        Err(error) => problem::provider_error(&error, "Failed to show the provider"),
    }
}

/// `PATCH /api/providers/{name}`
pub(crate) async fn change(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<Change>>,
    mut call: Call,
) -> Response {
    let name = call.param("name").unwrap_or_default().to_owned();
    if let Err(error) = granted::provider(&admin.manager.snapshot(), &call) {
        return problem::provider_error(&error, "Failed to change the provider");
    }
    let change = match parameters.read(&mut call, MOST_BYTES).await {
        Ok(change) => change,
        Err(refused) => return refused,
    };
    match admin.manager.update(name, change).await {
        Ok(provider) => answer::ok(&ProviderView::of(&provider, &admin.manager.snapshot())),
        Err(error) => problem::provider_error(&error, "Failed to change the provider"),
    }
}

/// `DELETE /api/providers/{name}`
pub(crate) async fn remove(admin: Arc<Admin>, call: Call) -> Response {
    let name = call.param("name").unwrap_or_default().to_owned();
    if let Err(error) = granted::provider(&admin.manager.snapshot(), &call) {
        return problem::provider_error(&error, "Failed to remove the provider");
    }
    match admin.manager.remove(name).await {
        Ok(default) => answer::ok(&DefaultProvider::now(default.as_ref(), &call)),
        Err(error) => problem::provider_error(&error, "Failed to remove the provider"),
    }
}

/// `POST /api/providers/{name}/default`
pub(crate) async fn set_default(admin: Arc<Admin>, call: Call) -> Response {
    let name = call.param("name").unwrap_or_default().to_owned();
    let snapshot = admin.manager.snapshot();
    if let Err(error) = granted::provider(&snapshot, &call) {
        return problem::provider_error(&error, "Failed to set the default provider");
    }
    // Everybody's requests that name no provider go to the default: to move them takes a key that holds both ends.
    let holds = |now: &ProviderName| call.caller.grant.holds_provider(now.as_str());
    if !snapshot.default_name().is_none_or(holds) {
        return response::detail(
            StatusCode::FORBIDDEN,
            "The default is a provider that your key does not hold: use a key that holds it",
        );
    }
    match admin.manager.set_default(name).await {
        Ok(name) => answer::ok(&DefaultProvider::now(Some(&name), &call)),
        Err(error) => problem::provider_error(&error, "Failed to set the default provider"),
    }
}

impl DefaultProvider {
    fn now(name: Option<&ProviderName>, call: &Call) -> Self {
        Self { status: "success", default_provider: view::held_default(name, &call.caller.grant) }
    }
}
