//! Rows about what became of requests.

use grants::Scope;
use http::Method;
use server::Access;

use super::{Endpoint, MALFORMED, plain, reading, row};
use crate::{
    handlers::{requests, usage},
    parameters::schema_of,
    request_view::RequestDetails,
};

const STORE_AWAY: (u16, &str) = (503, "the database can't be read right now");

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        Endpoint {
            takes: Some(schema_of::<requests::ListParameters>()),
            refusals: &[MALFORMED, STORE_AWAY],
            ..row::<requests::RequestList>(
                Access::Scope(Scope::Usage),
                Method::GET,
                "/api/requests",
                "List what became of requests, newest first",
                |admin| reading(admin, requests::list),
            )
        },
        Endpoint {
            refusals: &[(404, "no request that the key may see has the id"), STORE_AWAY],
            ..row::<RequestDetails>(
                Access::Scope(Scope::Usage),
                Method::GET,
                "/api/requests/{id}",
                "Show what became of one request, with every try",
                |admin| plain(admin, requests::show),
            )
        },
        Endpoint {
            takes: Some(schema_of::<usage::UsageParameters>()),
            refusals: &[MALFORMED, STORE_AWAY],
            ..row::<usage::Usage>(
                Access::Scope(Scope::Usage),
                Method::GET,
                "/api/usage",
                "Sum up requests, tokens and costs by key, project, provider, model or day",
                |admin| reading(admin, usage::usage),
            )
        },
    ]
}
