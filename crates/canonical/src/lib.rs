//! The vocabulary that every dialect is translated through.
//!
//! One canonical form and one codec per dialect make N + M translations instead of N × M. The form is
//! block-structured and small. It may lose what a dialect cannot say, but never silently: see [`Losses`].
//!
//! The crate holds plain data and pure functions. It knows no vendor's JSON and does no IO.

mod check;
mod collect;
mod cost;
mod dialect;
mod embedding;
mod event;
mod fault;
mod losses;
mod model_card;
mod part;
mod request;
mod response;
mod trace;
mod usage;

pub use check::{EventChecker, OutOfOrder};
pub use collect::Collector;
pub use dialect::Dialect;
pub use embedding::{EmbeddingInput, EmbeddingRequest, EmbeddingResponse};
pub use event::{Delta, Event, PartKind};
pub use fault::{ErrorKind, Fault, Origin, Retry};
pub use losses::Losses;
pub use model_card::{Ability, Modality, ModelCard, Price};
pub use part::{
    Media, MediaKind, MediaSource, Opaque, Part, Reasoning, Seal, ToolCall, ToolResult,
};
pub use request::{
    Effort, Message, OutputFormat, ReasoningControl, Request, Role, Sampling, Tool, ToolChoice,
};
pub use response::{Choice, Finish, FinishReason, Response, TokenLogprob};
pub use trace::{RequestTrace, TraceContext, Tracing};
pub use usage::Usage;
