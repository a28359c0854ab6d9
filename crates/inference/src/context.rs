//! Who calls, as the pipeline is told.

use std::sync::Arc;

use pipeline::Context;
use server::Call;

/// Reads what a call says of its caller.
pub(crate) fn of(call: &Call) -> Context {
    let caller = Arc::clone(&call.caller);
    let context = Context::of(caller, call.request_id.to_string(), &call.headers);
    Context { log: Some(Arc::clone(&call.log) as _), ..context }
}
