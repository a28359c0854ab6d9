//! Bytes to frames and back: server-sent events and newline-delimited JSON, without IO.
//!
//! A decoder is fed whatever bytes arrive and asked for frames until it has none; chunk boundaries never
//! show. Each frame is bounded, so that a provider cannot make us hold more than one limit of its bytes
//! beyond the chunk just fed.

mod lines;
mod ndjson;
mod sse;
mod write;

pub use lines::FrameError;
pub use ndjson::NdjsonDecoder;
pub use sse::{SseDecoder, SseEvent};
pub use write::write_sse;
