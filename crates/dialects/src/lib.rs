//! Codecs between the canonical form and each provider's own JSON.
//!
//! One folder per dialect, with the same files in each. Sans-IO: bytes and values in, bytes and values out,
//! nothing async. No other crate knows a vendor's JSON.

mod client;
mod codec;
mod endpoints;
mod quirks;

mod anthropic;
mod gemini;
mod mistral;
mod ollama;
mod openai_chat;
mod openai_responses;

mod arguments;
mod assembly;
mod chat_messages;
mod data_url;
mod error_text;
mod fields;
mod foreign_seal;
mod freeform;
mod image_type;
mod json;
mod model_facts;
mod model_name;
mod object;
mod percent;
mod prompt_tokens;
mod rate_limit_headers;
mod reset_time;
mod retry_after;
mod rfc3339;
mod status;
mod subschemas;
mod token_logprobs;
mod tool_ids;

use canonical::Dialect;

pub use client::{
    ChatEndpoint, CountEndpoint, Echo, EmbeddingsEndpoint, ModelsEndpoint, StreamEncoder,
};
pub use codec::{Codec, Credential, ErrorAnswer, Malformed, ModelPage, StreamDecoder};
pub use endpoints::*;
pub use foreign_seal::holds_foreign_seals;
pub use model_name::renamed;
pub use prompt_tokens::prompt_tokens;
pub use quirks::{Quirks, ThinkingQuirks};
pub use rate_limit_headers::rate_limit_headers;
pub use wire::Framing;

/// The codec of every dialect, in the order of [`Dialect::ALL`].
pub static DIALECTS: [&dyn Codec; 6] = [
    &openai_chat::OpenAiChat,
    &openai_responses::OpenAiResponses,
    &anthropic::Anthropic,
    &gemini::Gemini,
    &mistral::Mistral,
    &ollama::Ollama,
];

/// The largest frame of a streamed answer, in bytes. Gemini, which sends images whole, has a larger one of its own.
const LARGEST_FRAME_BYTES: usize = 1 << 20;

/// Returns the codec of a dialect.
#[must_use]
pub fn codec(dialect: Dialect) -> &'static dyn Codec {
    match dialect {
        Dialect::OpenAiChat => &openai_chat::OpenAiChat,
        Dialect::OpenAiResponses => &openai_responses::OpenAiResponses,
        Dialect::Anthropic => &anthropic::Anthropic,
        Dialect::Gemini => &gemini::Gemini,
        Dialect::Mistral => &mistral::Mistral,
        Dialect::Ollama => &ollama::Ollama,
    }
}

#[cfg(test)]
mod tests {
    use canonical::Dialect;

    use super::{DIALECTS, codec};

    #[test]
    fn each_dialect_has_its_own_codec() {
        for (dialect, listed) in Dialect::ALL.into_iter().zip(DIALECTS) {
            assert_eq!(listed.dialect(), dialect);
            assert_eq!(codec(dialect).dialect(), dialect);
        }
    }
}
