//! Mistral chat completions: near OpenAI's, but strict about unknown members and with chunked content.
//!
//! Source: <https://docs.mistral.ai/api>.

pub(crate) mod client;
mod embeddings;
mod error;
mod models;
mod request;
mod response;
mod stream;
mod tool_id;
mod turn_order;

use canonical::{Dialect, EmbeddingRequest, EmbeddingResponse, Fault, Losses, Request, Response};

use crate::{Codec, Credential, ErrorAnswer, Malformed, ModelPage, Quirks, StreamDecoder};

/// The codec of [`Dialect::Mistral`].
#[derive(Debug)]
pub(crate) struct Mistral;

impl Codec for Mistral {
    fn dialect(&self) -> Dialect {
        Dialect::Mistral
    }

    fn credential(&self) -> Credential {
        Credential { header: "authorization", prefix: "Bearer " }
    }

    fn fixed_headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn chat_target(&self, _model: &str, _stream: bool) -> String {
        "/chat/completions".to_owned()
    }

    fn encode_request(&self, request: &Request, _quirks: &Quirks, losses: &mut Losses) -> Vec<u8> {
        request::encode(request, losses)
    }

    fn decode_response(&self, body: &[u8]) -> Result<Response, Fault> {
        response::decode(body)
    }

    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::decoder())
    }

    fn decode_error(&self, answer: &ErrorAnswer<'_>) -> Fault {
        error::decode(answer)
    }

    fn embeddings_target(&self, _model: &str, _inputs: usize) -> Option<String> {
        Some(embeddings::TARGET.to_owned())
    }

    fn encode_embeddings(
        &self,
        request: &EmbeddingRequest,
        losses: &mut Losses,
    ) -> Result<Vec<u8>, Fault> {
        embeddings::encode(request, losses)
    }

    fn decode_embeddings(&self, body: &[u8]) -> Result<EmbeddingResponse, Fault> {
        crate::openai_chat::embeddings::decode(body)
    }

    fn models_target(&self, _page: Option<&str>) -> String {
        "/models".to_owned()
    }

    fn decode_models(&self, body: &[u8]) -> Result<ModelPage, Malformed> {
        models::decode(body)
    }

    fn probe_target(&self) -> &'static str {
        "/models"
    }
}
