//! Who is told what became of a request.

use std::sync::Arc;

use crate::RequestRecord;

/// Takes note of settled requests. It must return at once: whoever tells it is on the path of a request.
pub trait Sink: Send + Sync {
    /// Takes note of one request that has come to its end.
    fn settled(&self, record: &Arc<RequestRecord>);
}
