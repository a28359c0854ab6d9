//! The table of the management API: one row is one route, its documentation and its handler.

use std::sync::Arc;

use http::Method;
use providers::{Change, Registration};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use server::{Access, Call, Handler, Response};

use crate::{
    Admin,
    handlers::{
        chat, chat_answer::ChatAnswer, health, models, providers as registry, reference, system,
        test,
    },
    parameters::{Nothing, Parameters, schema_of},
    view::{HealthView, ProviderList, ProviderView},
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
    /// The schema of what it answers.
    pub(crate) answers: Value,
    /// The server-sent events that it answers instead when asked to stream, if it can.
    pub(crate) streams: Option<&'static str>,
    /// The other statuses that it answers with, and when.
    pub(crate) refusals: &'static [(u16, &'static str)],
    /// Makes the handler.
    pub(crate) bind: fn(&Arc<Admin>) -> Handler,
}

const NO_SUCH_PROVIDER: (u16, &str) = (404, "no provider has the name");
const BROKEN_RULE: (u16, &str) = (400, "a rule is broken; `detail` says which");
const MALFORMED: (u16, &str) = (422, "a parameter is missing or malformed; `detail` lists each");
const OWN_FAULT: (u16, &str) = (500, "a fault of our own; nothing was changed");
const DISABLED: (u16, &str) = (400, "the provider is disabled");

/// The longest body of a request that takes nothing.
const MOST_NOTHING_BYTES: usize = 64 * 1024;

/// Every row.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut rows = provider_endpoints();
    rows.extend(question_endpoints());
    rows.extend(system_endpoints());
    rows
}

/// Rows that change or show the registry.
fn provider_endpoints() -> Vec<Endpoint> {
    let one = "/api/providers/{name}";
    vec![
        Endpoint {
            takes: Some(schema_of::<Registration>()),
            refusals: &[BROKEN_RULE, (409, "the name is taken"), MALFORMED, OWN_FAULT],
            ..row::<registry::Registered>(
                Method::POST,
                "/api/providers/register",
                "Register a provider",
                |admin| reading(admin, registry::register),
            )
        },
        row::<ProviderList>(Method::GET, "/api/providers", "List all providers", |admin| {
            plain(admin, registry::list)
        }),
        Endpoint {
            refusals: &[NO_SUCH_PROVIDER],
            ..row::<ProviderView>(Method::GET, one, "Show one provider", |admin| {
                plain(admin, registry::show)
            })
        },
        Endpoint {
            takes: Some(schema_of::<Change>()),
            refusals: &[BROKEN_RULE, NO_SUCH_PROVIDER, MALFORMED, OWN_FAULT],
            ..row::<ProviderView>(Method::PATCH, one, "Change a provider", |admin| {
                reading(admin, registry::change)
            })
        },
        Endpoint {
            refusals: &[NO_SUCH_PROVIDER, OWN_FAULT],
            ..row::<registry::DefaultProvider>(Method::DELETE, one, "Remove a provider", |admin| {
                plain(admin, registry::remove)
            })
        },
        Endpoint {
            refusals: &[NO_SUCH_PROVIDER, OWN_FAULT],
            ..row::<registry::DefaultProvider>(
                Method::POST,
                "/api/providers/{name}/default",
                "Make a provider the default",
                |admin| plain(admin, registry::set_default),
            )
        },
    ]
}

/// Rows that ask providers something.
fn question_endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint {
            takes: Some(schema_of::<models::ListParameters>()),
            refusals: &[DISABLED, NO_SUCH_PROVIDER, MALFORMED],
            ..row::<models::ModelList>(
                Method::GET,
                "/api/providers/{name}/models",
                "List the models of one provider",
                |admin| reading(admin, models::of_one),
            )
        },
        row::<models::AllModels>(
            Method::GET,
            "/api/providers/models",
            "List the models of all enabled providers",
            |admin| plain(admin, models::of_all),
        ),
        row::<health::AllHealth>(
            Method::GET,
            "/api/providers/health",
            "Probe all enabled providers",
            |admin| plain(admin, health::of_all),
        ),
        Endpoint {
            refusals: &[DISABLED, NO_SUCH_PROVIDER],
            ..row::<HealthView>(
                Method::GET,
                "/api/providers/{name}/health",
                "Probe one provider",
                |admin| plain(admin, health::of_one),
            )
        },
        Endpoint {
            refusals: &[NO_SUCH_PROVIDER],
            ..row::<test::TestReport>(
                Method::POST,
                "/api/providers/{name}/test",
                "Make one real round trip to a provider",
                |admin| plain(admin, test::test),
            )
        },
        Endpoint {
            takes: Some(schema_of::<chat::ChatParameters>()),
            streams: Some(
                "`data: {\"delta\"}` for each piece of text, then `event: done` with everything but \
                 `response`, or `event: error` with `detail` and `status`",
            ),
            refusals: &[
                (
                    400,
                    "a rule is broken, the provider is disabled or lacks its key, or it refuses the request",
                ),
                NO_SUCH_PROVIDER,
                MALFORMED,
                (429, "a limit is reached; `Retry-After` says when to come back"),
                (502, "the provider failed, refused our key, or can't be reached"),
                (503, "the provider is overloaded"),
                (504, "the provider did not answer in time"),
            ],
            ..row::<ChatAnswer>(
                Method::POST,
                "/api/chat/multi",
                "Chat with any provider; `stream: true` answers server-sent events",
                |admin| reading(admin, chat::multi),
            )
        },
    ]
}

/// Rows about the process itself.
fn system_endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint {
            refusals: &[(
                400,
                "the new configuration is refused; `faults` lists why, and the old one stays",
            )],
            ..row::<system::Reloaded>(
                Method::POST,
                "/api/config/reload",
                "Read the configuration again",
                |admin| plain(admin, system::reload),
            )
        },
        row::<Value>(
            Method::GET,
            "/api/openapi.json",
            "This description of the management API",
            |admin| plain(admin, reference::description),
        ),
        Endpoint {
            access: Access::Open,
            ..row::<system::Alive>(Method::GET, "/livez", "Whether the process lives", |admin| {
                open(admin, system::alive)
            })
        },
        Endpoint {
            access: Access::Open,
            refusals: &[(503, "the store does not answer, or the process is shutting down")],
            ..row::<system::Alive>(
                Method::GET,
                "/readyz",
                "Whether requests can be served",
                |admin| open(admin, system::ready),
            )
        },
    ]
}

/// A row that takes nothing, refuses nothing of its own and needs a key; answers an `A`.
fn row<A: JsonSchema>(
    method: Method,
    path: &'static str,
    summary: &'static str,
    bind: fn(&Arc<Admin>) -> Handler,
) -> Endpoint {
    Endpoint {
        method,
        path,
        access: Access::Key,
        summary,
        takes: None,
        answers: schema_of::<A>(),
        streams: None,
        refusals: &[],
        bind,
    }
}

/// Binds a handler that takes parameters.
fn reading<T, F>(
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
fn open<F>(admin: &Arc<Admin>, handler: fn(Arc<Admin>, Call) -> F) -> Handler
where
    F: Future<Output = Response> + Send + 'static,
{
    let admin = Arc::clone(admin);
    Box::new(move |call| Box::pin(handler(Arc::clone(&admin), call)))
}

/// Binds a handler that takes nothing: every parameter is refused before it is asked.
fn plain<F>(admin: &Arc<Admin>, handler: fn(Arc<Admin>, Call) -> F) -> Handler
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
