//! Reads a streamed answer, which has OpenAI's shape with content in chunks.

use canonical::Dialect;

use crate::openai_chat::stream::Decoder;

/// Starts reading a stream.
pub(super) fn decoder() -> Decoder {
    Decoder::new(Dialect::Mistral)
}
