//! OpenAI chat completions, also spoken by every OpenAI-compatible server.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat>. Its answers are read so leniently that
//! Mistral's are read by the same code.

pub(crate) mod client;
pub(crate) mod embeddings;
pub(crate) mod error;
pub(crate) mod logprobs;
pub(crate) mod models;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod stream;

use canonical::{Dialect, EmbeddingRequest, EmbeddingResponse, Fault, Losses, Request, Response};

use crate::{Codec, Credential, ErrorAnswer, Malformed, ModelPage, Quirks, StreamDecoder};

/// The codec of [`Dialect::OpenAiChat`].
#[derive(Debug)]
pub(crate) struct OpenAiChat;

impl Codec for OpenAiChat {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiChat
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

    fn encode_request(&self, request: &Request, quirks: &Quirks, losses: &mut Losses) -> Vec<u8> {
        request::encode(request, quirks, losses)
    }

    fn decode_response(&self, body: &[u8]) -> Result<Response, Fault> {
        response::decode(body, Dialect::OpenAiChat)
    }

    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new(Dialect::OpenAiChat))
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
        embeddings::decode(body)
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
