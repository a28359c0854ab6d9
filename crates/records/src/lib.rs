//! What became of each request, without what was said: written in batches, off the path of requests.

mod queue;
mod record;
mod recorder;
mod row;
mod sink;
mod writer;

pub use record::{AttemptRecord, Operation, Outcome, RequestRecord};
pub use recorder::Recorder;
pub use sink::Sink;

#[cfg(test)]
mod tests;
