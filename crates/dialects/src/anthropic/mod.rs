//! Anthropic messages, API version 2023-06-01.

mod block;
pub(crate) mod client;
mod error;
mod media;
mod message;
mod models;
mod request;
mod response;
mod schema;
mod stream;
#[cfg(test)]
mod tests;
mod thinking;
mod tool_id;

use canonical::{Dialect, Fault, Losses, Request, Response};

use crate::{Codec, Credential, ErrorAnswer, Malformed, ModelPage, Quirks, StreamDecoder};

/// The codec of [`Dialect::Anthropic`].
#[derive(Debug)]
pub(crate) struct Anthropic;

impl Codec for Anthropic {
    fn dialect(&self) -> Dialect {
        Dialect::Anthropic
    }

    fn credential(&self) -> Credential {
        Credential { header: "x-api-key", prefix: "" }
    }

    fn fixed_headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("anthropic-version", "2023-06-01")]
    }

    fn chat_target(&self, _model: &str, _stream: bool) -> String {
        "/messages".to_owned()
    }

    fn encode_request(&self, request: &Request, quirks: &Quirks, losses: &mut Losses) -> Vec<u8> {
        request::encode(request, quirks, losses)
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

    fn count_target(&self, _model: &str) -> Option<String> {
        Some("/messages/count_tokens".to_owned())
    }

    fn encode_count(&self, request: &Request, losses: &mut Losses) -> Vec<u8> {
        request::encode_count(request, losses)
    }

    fn decode_count(&self, body: &[u8]) -> Result<u64, Fault> {
        request::decode_count(body)
    }

    fn models_target(&self, page: Option<&str>) -> String {
        models::target(page)
    }

    fn decode_models(&self, body: &[u8]) -> Result<ModelPage, Malformed> {
        models::decode(body)
    }

    fn probe_target(&self) -> &'static str {
        "/models?limit=1"
    }
}
