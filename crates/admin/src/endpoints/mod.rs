//! The table of the management API: one row is one route, its documentation and its handler.

mod discovery;
mod keys;
mod metrics;
mod providers;
mod questions;
mod records;
mod routes;
mod system;

use std::sync::Arc;

use http::Method;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use server::{Access, Call, Handler, Response};

use crate::{
    Admin,
    parameters::{Nothing, Parameters, schema_of},
};

/// One row of the table.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    /// What it does, in one line.
    pub(crate) summary: &'static str,
    /// The schema of what it takes, if it takes anything.
    pub(crate) takes: Option<Value>,
    /// What it answers in.
    pub(crate) content_type: &'static str,
    /// The schema of what it answers.
    pub(crate) answers: Value,
    /// The server-sent events that it answers instead when asked to stream, if it can.
    pub(crate) streams: Option<&'static str>,
    /// The other statuses that it answers with, and when.
    pub(crate) refusals: &'static [(u16, &'static str)],
    /// Makes the handler.
    pub(crate) bind: fn(&Arc<Admin>) -> Handler,
}

pub(super) const NO_SUCH_PROVIDER: (u16, &str) = (404, "no provider has the name");
pub(super) const DECLARED: (u16, &str) =
    (409, "it is declared in the config file, and changed there; `detail` says where");
pub(super) const BROKEN_RULE: (u16, &str) = (400, "a rule is broken; `detail` says which");
pub(super) const MALFORMED: (u16, &str) =
    (422, "a parameter is missing or malformed; `detail` lists each");
pub(super) const OWN_FAULT: (u16, &str) = (500, "a fault of our own; nothing was changed");
pub(super) const DISABLED: (u16, &str) = (400, "the provider is disabled");

/// The longest body of a request that takes nothing.
const MOST_NOTHING_BYTES: usize = 64 * 1024;

/// Every row.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    [
        providers::rows(),
        discovery::rows(),
        routes::rows(),
        keys::rows(),
        questions::rows(),
        records::rows(),
        metrics::rows(),
        system::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A row that takes nothing, refuses nothing of its own, and answers an `A`.
pub(super) fn row<A: JsonSchema>(
    access: Access,
    method: Method,
    path: &'static str,
    summary: &'static str,
    bind: fn(&Arc<Admin>) -> Handler,
) -> Endpoint {
    Endpoint {
        method,
        path,
        access,
        summary,
        takes: None,
        content_type: "application/json",
        answers: schema_of::<A>(),
        streams: None,
        refusals: &[],
        bind,
    }
}

/// Binds a handler that takes parameters.
pub(super) fn reading<T, F>(
    admin: &Arc<Admin>,
    handler: fn(Arc<Admin>, Arc<Parameters<T>>, Call) -> F,
) -> Handler
where
    T: DeserializeOwned + JsonSchema + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let admin = Arc::clone(admin);
    let parameters = Arc::new(Parameters::new());
    Box::new(move |call| Box::pin(handler(Arc::clone(&admin), Arc::clone(&parameters), call)))
}

/// Binds a handler that is asked by whoever watches the process, and looks at nothing that was sent.
pub(super) fn open<F>(admin: &Arc<Admin>, handler: fn(Arc<Admin>, Call) -> F) -> Handler
where
    F: Future<Output = Response> + Send + 'static,
{
    let admin = Arc::clone(admin);
    Box::new(move |call| Box::pin(handler(Arc::clone(&admin), call)))
}

/// Binds a handler that takes nothing: every parameter is refused before it is asked.
pub(super) fn plain<F>(admin: &Arc<Admin>, handler: fn(Arc<Admin>, Call) -> F) -> Handler
where
    F: Future<Output = Response> + Send + 'static,
{
    let admin = Arc::clone(admin);
    let parameters = Arc::new(Parameters::<Nothing>::new());
    Box::new(move |mut call| {
        let (admin, parameters) = (Arc::clone(&admin), Arc::clone(&parameters));
        Box::pin(async move {
            match parameters.read(&mut call, MOST_NOTHING_BYTES).await {
                Ok(Nothing {}) => handler(admin, call).await,
                Err(refused) => refused,
            }
        })
    })
}
