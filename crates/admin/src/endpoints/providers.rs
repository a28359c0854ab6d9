//! Rows that change or show the registry.

use grants::Scope;
use http::Method;
use providers::{Change, Registration};
use server::Access;

use super::{
    BROKEN_RULE, DECLARED, Endpoint, MALFORMED, NO_SUCH_PROVIDER, OWN_FAULT, plain, reading, row,
};
use crate::{
    handlers::providers as registry,
    parameters::schema_of,
    view::{ProviderList, ProviderView},
};

pub(super) fn rows() -> Vec<Endpoint> {
    let one = "/api/providers/{name}";
    vec![
        Endpoint {
            takes: Some(schema_of::<Registration>()),
            refusals: &[
                BROKEN_RULE,
                (409, "the name is taken, or declared in the config file"),
                MALFORMED,
                OWN_FAULT,
            ],
            ..row::<registry::Registered>(
                Access::Scope(Scope::ProvidersWrite),
                Method::POST,
                "/api/providers/register",
                "Register a provider",
                |admin| reading(admin, registry::register),
            )
        },
        row::<ProviderList>(
            Access::Scope(Scope::ProvidersRead),
            Method::GET,
            "/api/providers",
            "List all providers",
            |admin| plain(admin, registry::list),
        ),
        Endpoint {
            refusals: &[NO_SUCH_PROVIDER],
            ..row::<ProviderView>(
                Access::Scope(Scope::ProvidersRead),
                Method::GET,
                one,
                "Show one provider",
                |admin| plain(admin, registry::show),
            )
        },
        Endpoint {
            takes: Some(schema_of::<Change>()),
            refusals: &[BROKEN_RULE, NO_SUCH_PROVIDER, DECLARED, MALFORMED, OWN_FAULT],
            ..row::<ProviderView>(
                Access::Scope(Scope::ProvidersWrite),
                Method::PATCH,
                one,
                "Change a provider",
                |admin| reading(admin, registry::change),
            )
        },
        Endpoint {
            refusals: &[NO_SUCH_PROVIDER, DECLARED, OWN_FAULT],
            ..row::<registry::DefaultProvider>(
                Access::Scope(Scope::ProvidersWrite),
                Method::DELETE,
                one,
                "Remove a provider",
                |admin| plain(admin, registry::remove),
            )
        },
        Endpoint {
            refusals: &[NO_SUCH_PROVIDER, DECLARED, OWN_FAULT],
            ..row::<registry::DefaultProvider>(
                Access::Scope(Scope::ProvidersWrite),
                Method::POST,
                "/api/providers/{name}/default",
                "Make a provider the default",
                |admin| plain(admin, registry::set_default),
            )
        },
    ]
}
