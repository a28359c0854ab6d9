//! Reads a whole answer, which has OpenAI's shape with content in chunks.

use canonical::{Dialect, Fault, Response};

use crate::openai_chat::response;

/// Reads a whole answer.
pub(super) fn decode(body: &[u8]) -> Result<Response, Fault> {
    response::decode(body, Dialect::Mistral)
}
