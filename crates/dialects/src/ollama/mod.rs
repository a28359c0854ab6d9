//! Ollama's native `/api/chat` and `/api/embed`, and towards callers more of its API.
//!
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md>.

pub(crate) mod client;
mod context_window;
mod embeddings;
mod error;
mod messages;
mod models;
mod request;
mod response;
mod shape;
mod stream;

use canonical::{Dialect, EmbeddingRequest, EmbeddingResponse, Fault, Losses, Request, Response};
pub(crate) use shape::Shape;

use crate::{Codec, Credential, ErrorAnswer, Framing, Malformed, ModelPage, Quirks, StreamDecoder};

/// The codec of [`Dialect::Ollama`].
#[derive(Debug)]
pub(crate) struct Ollama;

impl Codec for Ollama {
    fn dialect(&self) -> Dialect {
        Dialect::Ollama
    }

    fn credential(&self) -> Credential {
        Credential { header: "authorization", prefix: "Bearer " }
    }

    fn fixed_headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn chat_target(&self, _model: &str, _stream: bool) -> String {
        Shape::Chat.target().to_owned()
    }

    fn encode_request(&self, request: &Request, quirks: &Quirks, losses: &mut Losses) -> Vec<u8> {
        request::encode(request, quirks, losses)
    }

    fn decode_response(&self, body: &[u8]) -> Result<Response, Fault> {
        response::decode(body, Shape::Chat)
    }

    fn framing(&self) -> Framing {
        Framing::Ndjson
    }

    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new(Shape::Chat))
    }

    fn decode_error(&self, answer: &ErrorAnswer<'_>) -> Fault {
        error::decode(answer)
    }

    fn embeddings_target(&self, _model: &str, _inputs: usize) -> Option<String> {
        Some("/api/embed".to_owned())
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
        "/api/tags".to_owned()
    }

    fn is_same_model(&self, listed: &str, asked: &str) -> bool {
        // A name without a tag means the tag `latest`.
        listed == asked || listed.strip_suffix(":latest") == Some(asked)
    }

    fn decode_models(&self, body: &[u8]) -> Result<ModelPage, Malformed> {
        models::decode(body)
    }

    fn probe_target(&self) -> &'static str {
        "/api/tags"
    }

    /// The list of models in memory, which no disk is read for; it is answered while a model is being loaded.
    fn liveness_target(&self) -> &'static str {
        "/api/ps"
    }
}
