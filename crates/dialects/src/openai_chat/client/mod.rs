//! OpenAI's chat completions, embeddings and models towards callers.

pub(crate) mod answer;
mod content;
pub(crate) mod embeddings;
mod error;
mod messages;
mod models;
pub(crate) mod request;
mod response;
mod stream;
pub(crate) mod thoughts;
mod tools;

use canonical::{Dialect, Fault, Losses, Request, Response};

pub(crate) use self::{embeddings::Embeddings, models::Models};
use crate::{ChatEndpoint, Echo, Framing, StreamDecoder, StreamEncoder, codec};

/// `POST /v1/chat/completions`.
#[derive(Debug)]
pub(crate) struct ChatCompletions;

impl ChatEndpoint for ChatCompletions {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiChat
    }

    fn provider_target(&self, model: &str, stream: bool) -> String {
        codec(Dialect::OpenAiChat).chat_target(model, stream)
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        codec(Dialect::OpenAiChat).decode_response(body)
    }

    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        codec(Dialect::OpenAiChat).stream_decoder()
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
        request::decode(body, losses)
    }

    fn encode_response(
        &self,
        response: &Response,
        request: &Request,
        echo: &Echo,
        losses: &mut Losses,
    ) -> Vec<u8> {
        response::encode(response, request, echo, losses)
    }

    fn stream_encoder(&self, request: &Request, echo: &Echo) -> Box<dyn StreamEncoder> {
        Box::new(stream::Encoder::new(request, echo))
    }

    fn encode_error(&self, status: u16, fault: &Fault, _request_id: &str) -> Vec<u8> {
        error::body(status, fault).to_string().into_bytes()
    }
}
