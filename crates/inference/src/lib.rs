//! The inference API: each dialect at the path where its SDK calls it.
//!
//! The module `routes` holds the one table. A handler reads the body, hands the call to the pipeline, and answers with
//! the bytes that come back; whatever goes wrong is told in the caller's own dialect.

mod body;
mod caller;
mod capabilities;
mod cards;
mod chat;
mod context;
mod count;
mod embeddings;
mod gemini;
mod models;
mod ollama;
mod rate_limits;
mod relay_body;
mod routes;
mod tell;
mod websocket;

use std::sync::Arc;

use pipeline::Gateway;
use tokio_util::sync::CancellationToken;

pub use caller::wording;
pub use routes::routes;

/// What the inference API works on.
pub struct Inference {
    /// What answers.
    pub gateway: Arc<Gateway>,
    /// Cancelled when what still runs is about to be cut off.
    pub last_call: CancellationToken,
}
