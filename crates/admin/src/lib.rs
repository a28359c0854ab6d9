//! The management API: its routes, its parameters and its reference.
//!
//! The module `endpoints` holds the one table: the router, the documentation and the tests read it.

mod answer;
mod endpoints;
mod explanation_view;
mod granted;
mod handlers;
mod moment;
mod openapi;
mod parameters;
mod problem;
mod request_view;
mod shell;
mod view;

use std::sync::Arc;

use keys::KeyManager;
use pipeline::Gateway;
use providers::ProviderManager;
use server::Route;
use store::Store;
use telemetry::Metrics;
use tokio_util::sync::CancellationToken;

pub use openapi::openapi;
pub use parameters::declared::{DeclaredFault, declared};

/// What the management API works on.
pub struct Admin {
    /// The registry of providers.
    pub manager: Arc<ProviderManager>,
    /// What answers chats.
    pub gateway: Arc<Gateway>,
    /// All keys and projects.
    pub keys: Arc<KeyManager>,
    /// What became of requests.
    pub store: Arc<Store>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Reads the configuration again: its new generation, or every fault of the new one.
    pub reload: Box<dyn Fn() -> Result<u64, Vec<String>> + Send + Sync>,
    /// Cancelled when the process begins to shut down.
    pub shutdown: CancellationToken,
    /// Cancelled when what still runs is about to be cut off.
    pub last_call: CancellationToken,
}

/// Every route, ready to be served.
#[must_use]
pub fn routes(admin: &Arc<Admin>) -> Vec<Route> {
    let bind = |endpoint: endpoints::Endpoint| Route {
        method: endpoint.method,
        path: endpoint.path,
        access: endpoint.access,
        handler: (endpoint.bind)(admin),
    };
    let api = endpoints::endpoints().into_iter().map(bind);
    api.chain(shell::routes()).collect()
}
