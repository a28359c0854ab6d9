//! Bytes to frames and back, and JSON bodies that stay as they are, without IO.
//!
//! A decoder is fed whatever bytes arrive and asked for frames until it has none; chunk boundaries never
//! show. Each frame is bounded, so that a provider cannot make us hold more than one limit of its bytes
//! beyond the chunk just fed. What passes through unread is cut ([`RawFrames`]) or spliced ([`splice()`]), and
//! every byte that has no reason to change is the sender's.

mod envelope;
mod event_data;
mod find;
mod frames;
mod json_array;
mod lines;
mod ndjson;
mod scan;
mod splice;
mod sse;
mod write;

pub use envelope::Envelope;
pub use event_data::event_data;
pub use find::find_strings;
pub use frames::{Framing, RawFrames};
pub use lines::FrameError;
pub use ndjson::NdjsonDecoder;
pub use scan::{BodyError, MAX_DEPTH};
pub use splice::{Edit, json_string, splice};
pub use sse::{SseDecoder, SseEvent};
pub use write::write_sse;
