//! Rows about routes: names that stand for several models.

use grants::Scope;
use http::Method;
use providers::RouteDescription;
use server::Access;

use super::{BROKEN_RULE, DECLARED, Endpoint, MALFORMED, OWN_FAULT, plain, reading, row};
use crate::{handlers::routes, parameters::schema_of};

const NO_SUCH_ROUTE: (u16, &str) = (404, "no route has the name, or none that your key may see");

pub(super) fn rows() -> Vec<Endpoint> {
    let one = "/api/routes/{*name}";
    vec![
        row::<routes::RouteList>(
            Access::Scope(Scope::ProvidersRead),
            Method::GET,
            "/api/routes",
            "List the routes that your key may see",
            |admin| plain(admin, routes::list),
        ),
        Endpoint {
            refusals: &[NO_SUCH_ROUTE],
            ..row::<routes::RouteView>(
                Access::Scope(Scope::ProvidersRead),
                Method::GET,
                one,
                "Show one route",
                |admin| plain(admin, routes::show),
            )
        },
        Endpoint {
            takes: Some(schema_of::<RouteDescription>()),
            refusals: &[BROKEN_RULE, DECLARED, MALFORMED, OWN_FAULT],
            ..row::<routes::RouteView>(
                Access::Scope(Scope::ProvidersWrite),
                Method::PUT,
                one,
                "Make a route, or replace it; your key must hold every candidate",
                |admin| reading(admin, routes::put),
            )
        },
        Endpoint {
            refusals: &[NO_SUCH_ROUTE, DECLARED, OWN_FAULT],
            ..row::<routes::Removed>(
                Access::Scope(Scope::ProvidersWrite),
                Method::DELETE,
                one,
                "Remove a route; your key must hold every candidate",
                |admin| plain(admin, routes::remove),
            )
        },
    ]
}
