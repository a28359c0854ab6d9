//! The process itself: alive, ready, who it is, and its configuration read again.

use std::sync::Arc;

use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use server::{Call, Response, response};

use crate::{Admin, answer};

/// The process lives.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Alive {
    /// Always `ok`.
    status: &'static str,
}

/// The configuration was read again.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Reloaded {
    /// The generation of what is in force from now on; each has a higher one than those before it.
    generation: u64,
}

/// `GET /livez`
pub(crate) async fn alive(_admin: Arc<Admin>, _call: Call) -> Response {
    answer::ok(&Alive { status: "ok" })
}

/// `GET /readyz`
pub(crate) async fn ready(admin: Arc<Admin>, _call: Call) -> Response {
    let store_answers = tokio::task::spawn_blocking({
        let admin = Arc::clone(&admin);
        move || admin.manager.store_answers()
    });
    let unready = if admin.shutdown.is_cancelled() {
        Some("shutting down")
    } else if !store_answers.await.unwrap_or(false) {
        Some("the store does not answer")
    } else {
        None
    };
    match unready {
        None => answer::ok(&Alive { status: "ok" }),
        Some(reason) => response::detail(StatusCode::SERVICE_UNAVAILABLE, reason),
    }
}

/// `POST /api/config/reload`
pub(crate) async fn reload(admin: Arc<Admin>, _call: Call) -> Response {
    let reload = tokio::task::spawn_blocking(move || (admin.reload)());
    let reloaded = reload.await.unwrap_or_else(|panic| Err(vec![format!("it failed: {panic}")]));
    match reloaded {
        Ok(generation) => answer::ok(&Reloaded { generation }),
        Err(faults) => {
            let detail = format!("The new configuration is refused: {}", faults.join("; "));
            response::json(StatusCode::BAD_REQUEST, &json!({ "detail": detail, "faults": faults }))
        }
    }
}
