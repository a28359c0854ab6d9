//! Gemini `generateContent`, API version v1beta.

mod array_stream;
mod bare_body;
mod candidate;
pub(crate) mod client;
mod content;
mod elements;
mod embeddings;
mod error;
mod logprobs;
mod models;
mod part;
mod partial_args;
mod request;
mod response;
mod stream;
#[cfg(test)]
mod tests;

use canonical::{Dialect, EmbeddingRequest, EmbeddingResponse, Fault, Losses, Request, Response};

use crate::{
    Codec, Credential, ErrorAnswer, Malformed, ModelPage, Quirks, StreamDecoder,
    assembly::malformed, json, percent::encoded,
};

/// What an id may begin with; any other belongs to the first.
const COLLECTIONS: [&str; 2] = ["models", "tunedModels"];

/// The largest chunk of a streamed answer, in bytes. Images come whole in one chunk, in base64, and those of
/// 4K have several megabytes.
/// Source: <https://ai.google.dev/gemini-api/docs/image-generation>
const LARGEST_CHUNK_BYTES: usize = 32 << 20;

/// The codec of [`Dialect::Gemini`].
#[derive(Debug)]
pub(crate) struct Gemini;

impl Codec for Gemini {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }

    fn credential(&self) -> Credential {
        Credential { header: "x-goog-api-key", prefix: "" }
    }

    fn fixed_headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn chat_target(&self, model: &str, stream: bool) -> String {
        if stream {
            target(model, "streamGenerateContent?alt=sse")
        } else {
            target(model, "generateContent")
        }
    }

    fn encode_request(&self, request: &Request, _quirks: &Quirks, losses: &mut Losses) -> Vec<u8> {
        request::encode(request, losses)
    }

    fn decode_response(&self, body: &[u8]) -> Result<Response, Fault> {
        response::decode(body)
    }

    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new())
    }

    fn decode_error(&self, answer: &ErrorAnswer<'_>) -> Fault {
        error::decode(answer)
    }

    fn embeddings_target(&self, model: &str, _inputs: usize) -> Option<String> {
        Some(target(model, "batchEmbedContents"))
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

    fn count_target(&self, model: &str) -> Option<String> {
        Some(target(model, "countTokens"))
    }

    fn encode_count(&self, request: &Request, losses: &mut Losses) -> Vec<u8> {
        request::encode_count(request, losses)
    }

    fn decode_count(&self, body: &[u8]) -> Result<u64, Fault> {
        let body = json::parse(body).map_err(malformed)?;
        match error::error(&body) {
            Some(error) => Err(error::within_200(error)),
            None => json::count(&body, "totalTokens").ok_or_else(|| malformed("no count")),
        }
    }

    fn models_target(&self, page: Option<&str>) -> String {
        models::target(page)
    }

    fn decode_models(&self, body: &[u8]) -> Result<ModelPage, Malformed> {
        models::decode(body)
    }

    fn probe_target(&self) -> &'static str {
        "/models?pageSize=1"
    }
}

/// Where `verb` is asked of a model.
fn target(model: &str, verb: &str) -> String {
    let (collection, id) = split(model);
    format!("/{collection}/{}:{verb}", encoded(id))
}

/// The name by which bodies speak of a model.
fn resource(model: &str) -> String {
    let (collection, id) = split(model);
    format!("{collection}/{id}")
}

fn split(model: &str) -> (&str, &str) {
    model
        .split_once('/')
        .filter(|(collection, _)| COLLECTIONS.contains(collection))
        .unwrap_or(("models", model))
}
