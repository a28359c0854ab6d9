//! Make, list, show, rotate and revoke keys.

use std::{sync::Arc, time::Duration};

use keys::{KeyView, NewKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use server::{Call, Response};

use crate::{Admin, answer, parameters::Parameters, problem};

/// The longest description of a key that is taken.
const MOST_BYTES: usize = 1024 * 1024;

/// Keys, in the order of their making.
#[derive(Serialize, JsonSchema)]
pub(crate) struct KeyList {
    /// Those that the caller may see.
    keys: Vec<KeyView>,
}

/// How a key is rotated.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Rotation {
    /// Seconds for which the old key works beside the new one; 0, so that it ends at once, when unset.
    #[schemars(range(min = 0, max = 2_592_000))]
    overlap_s: Option<u64>,
}

/// `POST /api/keys`
pub(crate) async fn create(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<NewKey>>,
    mut call: Call,
) -> Response {
    let new = match parameters.read(&mut call, MOST_BYTES).await {
        Ok(new) => new,
        Err(refused) => return refused,
    };
    match admin.keys.create(&call.caller, new).await {
        Ok(made) => {
            tracing::info!(key.id = made.view.id, key.maker = %call.caller.id, "key made");
            answer::ok(&made)
        }
        Err(error) => problem::key_error(&error, "Failed to make the key"),
    }
}

/// `GET /api/keys`
pub(crate) async fn list(admin: Arc<Admin>, call: Call) -> Response {
    answer::ok(&KeyList { keys: admin.keys.list(&call.caller) })
}

/// `GET /api/keys/{id}`
pub(crate) async fn show(admin: Arc<Admin>, call: Call) -> Response {
    match admin.keys.show(&call.caller, call.param("id").unwrap_or_default()) {
        Ok(key) => answer::ok(&key),
        Err(error) => problem::key_error(&error, "Failed to show the key"),
    }
}

/// `POST /api/keys/{id}/rotate`
pub(crate) async fn rotate(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<Rotation>>,
    mut call: Call,
) -> Response {
    let id = call.param("id").unwrap_or_default().to_owned();
    if let Err(error) = admin.keys.show(&call.caller, &id) {
        return problem::key_error(&error, "Failed to rotate the key");
    }
    let overlap = match parameters.read(&mut call, MOST_BYTES).await {
        Ok(Rotation { overlap_s }) => Duration::from_secs(overlap_s.unwrap_or_default()),
        Err(refused) => return refused,
    };
    match admin.keys.rotate(&call.caller, &id, overlap).await {
        Ok(made) => {
            tracing::info!(key.id = id, caller.id = %call.caller.id, "key rotated");
            answer::ok(&made)
        }
        Err(error) => problem::key_error(&error, "Failed to rotate the key"),
    }
}

/// `DELETE /api/keys/{id}`
pub(crate) async fn revoke(admin: Arc<Admin>, call: Call) -> Response {
    match admin.keys.revoke(&call.caller, call.param("id").unwrap_or_default()).await {
        Ok(revoked) => {
            tracing::info!(key.id = revoked.id, caller.id = %call.caller.id, "key revoked");
            answer::ok(&revoked)
        }
        Err(error) => problem::key_error(&error, "Failed to revoke the key"),
    }
}
