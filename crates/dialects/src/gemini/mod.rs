//! Gemini `generateContent`, API version v1beta.

mod bare_body;
mod candidate;
pub(crate) mod client;
mod content;
mod error;
mod models;
mod part;
mod partial_args;
mod request;
mod response;
mod stream;
#[cfg(test)]
mod tests;

use canonical::{Dialect, Fault, Losses, Request, Response};

use crate::{
    Codec, Credential, ErrorAnswer, Malformed, ModelPage, Quirks, StreamDecoder, percent::encoded,
};

/// What an id may begin with; any other belongs to the first.
const COLLECTIONS: [&str; 2] = ["models", "tunedModels"];

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
        let (collection, id) = model
            .split_once('/')
            .filter(|(collection, _)| COLLECTIONS.contains(collection))
            .unwrap_or(("models", model));
        let id = encoded(id);
        if stream {
            format!("/{collection}/{id}:streamGenerateContent?alt=sse")
        } else {
            format!("/{collection}/{id}:generateContent")
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
