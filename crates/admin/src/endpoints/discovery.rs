//! Rows that look for what could be registered.

use grants::Scope;
use http::Method;
use server::Access;

use super::{Endpoint, plain, row};
use crate::handlers::discovery;

pub(super) fn rows() -> Vec<Endpoint> {
    vec![row::<discovery::Discovered>(
        Access::Scope(Scope::ProvidersWrite),
        Method::GET,
        "/api/discover",
        "Look for servers on the gateway's own machine, at their usual ports",
        |admin| plain(admin, discovery::discover),
    )]
}
