//! Rows about keys and projects.

use grants::Scope;
use http::Method;
use keys::{KeyView, MadeKey, NewKey, Project, ProjectView};
use server::Access;

use super::{BROKEN_RULE, Endpoint, MALFORMED, OWN_FAULT, plain, reading, row};
use crate::{
    handlers::{keys as handlers, projects},
    parameters::schema_of,
};

const NO_SUCH_KEY: (u16, &str) = (404, "there is no key of the id that the caller may see");
const NO_SUCH_PROJECT: (u16, &str) =
    (404, "there is no project of the name that the caller may see");
const MORE_THAN_HELD: (u16, &str) =
    (403, "the key lacks the scope `keys`, or more is wanted than it holds; `detail` says what");
const DECLARED: (u16, &str) = (409, "it is declared in the configuration, or works no more");

const KEYS: Access = Access::Scope(Scope::Keys);
const ADMIN: Access = Access::Scope(Scope::Admin);

pub(super) fn rows() -> Vec<Endpoint> {
    key_rows().into_iter().chain(project_rows()).collect()
}

fn key_rows() -> Vec<Endpoint> {
    let (all, one) = ("/api/keys", "/api/keys/{id}");
    vec![
        Endpoint {
            takes: Some(schema_of::<NewKey>()),
            refusals: &[BROKEN_RULE, MORE_THAN_HELD, DECLARED, MALFORMED, OWN_FAULT],
            ..row::<MadeKey>(KEYS, Method::POST, all, "Make a key", |admin| {
                reading(admin, handlers::create)
            })
        },
        row::<handlers::KeyList>(
            KEYS,
            Method::GET,
            all,
            "List the caller's key and those made with it; all with the scope `admin`",
            |admin| plain(admin, handlers::list),
        ),
        Endpoint {
            refusals: &[NO_SUCH_KEY],
            ..row::<KeyView>(KEYS, Method::GET, one, "Show one key", |admin| {
                plain(admin, handlers::show)
            })
        },
        Endpoint {
            refusals: &[NO_SUCH_KEY, DECLARED, OWN_FAULT],
            ..row::<KeyView>(
                KEYS,
                Method::DELETE,
                one,
                "Revoke a key and all that were made with it",
                |admin| plain(admin, handlers::revoke),
            )
        },
        Endpoint {
            takes: Some(schema_of::<handlers::Rotation>()),
            refusals: &[BROKEN_RULE, MORE_THAN_HELD, NO_SUCH_KEY, DECLARED, MALFORMED, OWN_FAULT],
            ..row::<MadeKey>(
                KEYS,
                Method::POST,
                "/api/keys/{id}/rotate",
                "Give a key a new secret",
                |admin| reading(admin, handlers::rotate),
            )
        },
    ]
}

fn project_rows() -> Vec<Endpoint> {
    let (all, one) = ("/api/projects", "/api/projects/{name}");
    vec![
        row::<projects::ProjectList>(
            KEYS,
            Method::GET,
            all,
            "List the projects of the keys that the caller may see; all with the scope `admin`",
            |admin| plain(admin, projects::list),
        ),
        Endpoint {
            refusals: &[NO_SUCH_PROJECT],
            ..row::<ProjectView>(KEYS, Method::GET, one, "Show one project", |admin| {
                plain(admin, projects::show)
            })
        },
        Endpoint {
            takes: Some(schema_of::<Project>()),
            refusals: &[BROKEN_RULE, DECLARED, MALFORMED, OWN_FAULT],
            ..row::<ProjectView>(
                ADMIN,
                Method::PUT,
                one,
                "Set what the keys of a project may use together",
                |admin| reading(admin, projects::set),
            )
        },
        Endpoint {
            refusals: &[NO_SUCH_PROJECT, DECLARED, OWN_FAULT],
            ..row::<projects::ProjectRemoved>(
                ADMIN,
                Method::DELETE,
                one,
                "Take a project's limits away; its keys stay",
                |admin| plain(admin, projects::remove),
            )
        },
    ]
}
