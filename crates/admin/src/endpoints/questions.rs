//! Rows that ask providers something.

use grants::Scope;
use http::Method;
use server::Access;

use super::{BROKEN_RULE, DISABLED, Endpoint, MALFORMED, NO_SUCH_PROVIDER, plain, reading, row};
use crate::{
    handlers::{chat, chat_answer::ChatAnswer, explain, health, models, test},
    parameters::schema_of,
    view::HealthView,
};

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        Endpoint {
            takes: Some(schema_of::<models::ListParameters>()),
            refusals: &[DISABLED, NO_SUCH_PROVIDER, MALFORMED],
            ..row::<models::ModelList>(
                Access::Scope(Scope::ProvidersRead),
                Method::GET,
                "/api/providers/{name}/models",
                "List the models of one provider",
                |admin| reading(admin, models::of_one),
            )
        },
        row::<models::AllModels>(
            Access::Scope(Scope::ProvidersRead),
            Method::GET,
            "/api/providers/models",
            "List the models of all enabled providers",
            |admin| plain(admin, models::of_all),
        ),
        row::<health::AllHealth>(
            Access::Scope(Scope::ProvidersRead),
            Method::GET,
            "/api/providers/health",
            "Probe all enabled providers",
            |admin| plain(admin, health::of_all),
        ),
        Endpoint {
            refusals: &[DISABLED, NO_SUCH_PROVIDER],
            ..row::<HealthView>(
                Access::Scope(Scope::ProvidersRead),
                Method::GET,
                "/api/providers/{name}/health",
                "Probe one provider",
                |admin| plain(admin, health::of_one),
            )
        },
        Endpoint {
            refusals: &[NO_SUCH_PROVIDER],
            ..row::<test::TestReport>(
                Access::Scope(Scope::ProvidersWrite),
                Method::POST,
                "/api/providers/{name}/test",
                "Make one real round trip to a provider",
                |admin| plain(admin, test::test),
            )
        },
        Endpoint {
            takes: Some(schema_of::<explain::ExplainParameters>()),
            refusals: &[
                BROKEN_RULE,
                (
                    403,
                    "the key lacks the scope `providers:read`, `usage` for a `request_id`, or `admin` for a `key`",
                ),
                (404, "there is no such provider, model, key or request"),
                (409, "the key that is asked about is refused, whatever it asks"),
                MALFORMED,
            ],
            ..row::<explain::Explained>(
                Access::Scope(Scope::ProvidersRead),
                Method::POST,
                "/api/explain",
                "Say what would happen to a request now, and why, without sending it; or what did happen to one",
                |admin| reading(admin, explain::explain),
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
                Access::Scope(Scope::Inference),
                Method::POST,
                "/api/chat/multi",
                "Chat with any provider; `stream: true` answers server-sent events",
                |admin| reading(admin, chat::multi),
            )
        },
    ]
}
