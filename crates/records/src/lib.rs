//! What became of each request, without what was said: written in batches, off the path of requests.

mod record;
mod sink;

pub use record::{AttemptRecord, Operation, Outcome, RequestRecord};
pub use sink::Sink;
