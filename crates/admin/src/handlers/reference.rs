//! The API's own description.

use std::sync::Arc;

use server::{Call, Response};

use crate::{Admin, answer, openapi};

/// `GET /api/openapi.json`
pub(crate) async fn description(_admin: Arc<Admin>, _call: Call) -> Response {
    answer::ok(&openapi())
}
