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
mod usage_chunk;

use canonical::{Dialect, Fault, Losses, Request, Response};

pub(crate) use self::{embeddings::Embeddings, models::Models};
use crate::{ChatEndpoint, Echo, StreamEncoder};

/// `POST /v1/chat/completions`.
#[derive(Debug)]
pub(crate) struct ChatCompletions;

impl ChatEndpoint for ChatCompletions {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiChat
    }

    fn tells_usage_on_request(&self) -> bool {
        true
    }

    fn is_usage_frame(&self, frame: &[u8]) -> bool {
        usage_chunk::is_usage_chunk(frame)
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
