//! Rows about the process itself.

use grants::Scope;
use http::Method;
use serde_json::Value;
use server::Access;

use super::{Endpoint, open, plain, row};
use crate::handlers::{reference, system};

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        Endpoint {
            refusals: &[(
                400,
                "the new configuration is refused; `faults` lists why, and the old one stays",
            )],
            ..row::<system::Reloaded>(
                Access::Scope(Scope::Admin),
                Method::POST,
                "/api/config/reload",
                "Read the configuration again",
                |admin| plain(admin, system::reload),
            )
        },
        row::<Value>(
            Access::Key,
            Method::GET,
            "/api/openapi.json",
            "This description of the management API",
            |admin| plain(admin, reference::description),
        ),
        Endpoint {
            ..row::<system::Alive>(
                Access::Open,
                Method::GET,
                "/livez",
                "Whether the process lives",
                |admin| open(admin, system::alive),
            )
        },
        Endpoint {
            refusals: &[(503, "the store does not answer, or the process is shutting down")],
            ..row::<system::Alive>(
                Access::Open,
                Method::GET,
                "/readyz",
                "Whether requests can be served",
                |admin| open(admin, system::ready),
            )
        },
    ]
}
