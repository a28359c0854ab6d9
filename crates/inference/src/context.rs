//! Who calls, as the pipeline is told.

use std::sync::Arc;

use pipeline::Context;
use server::Call;

/// Reads what a call says of its caller.
pub(crate) fn of(call: &Call) -> Context {
    Context::of(Arc::clone(&call.caller), call.request_id.to_string(), &call.headers)
}
