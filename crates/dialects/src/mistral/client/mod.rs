//! Mistral's chat completions, completions in the middle, embeddings and models towards callers.

mod answer;
mod embeddings;
mod error;
mod models;
mod request;
mod response;
mod stream;

use canonical::{Dialect, Fault, Losses, Request, Response};

pub(crate) use self::{embeddings::Embeddings, models::Models};
use crate::{ChatEndpoint, Echo, StreamEncoder};

/// `POST /v1/chat/completions`.
#[derive(Debug)]
pub(crate) struct ChatCompletions;

impl ChatEndpoint for ChatCompletions {
    fn dialect(&self) -> Dialect {
        Dialect::Mistral
    }

    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
        request::chat(body, losses)
    }

    fn encode_response(
        &self,
        response: &Response,
        _request: &Request,
        echo: &Echo,
        losses: &mut Losses,
    ) -> Vec<u8> {
        response::encode(response, echo, losses)
    }

    fn stream_encoder(&self, _request: &Request, echo: &Echo) -> Box<dyn StreamEncoder> {
        Box::new(stream::Encoder::new(echo))
    }

    fn encode_error(&self, status: u16, fault: &Fault, _request_id: &str) -> Vec<u8> {
        error::body(status, fault).to_string().into_bytes()
    }
}

/// `POST /v1/fim/completions`, whose answers are those of a chat.
#[derive(Debug)]
pub(crate) struct FimCompletions;

impl ChatEndpoint for FimCompletions {
    fn dialect(&self) -> Dialect {
        Dialect::Mistral
    }

    fn provider_target(&self, _model: &str, _stream: bool) -> String {
        "/fim/completions".to_owned()
    }

    fn decode_request(&self, body: &[u8], _losses: &mut Losses) -> Result<Request, Fault> {
        request::fill_in(body)
    }

    fn encode_response(
        &self,
        response: &Response,
        request: &Request,
        echo: &Echo,
        losses: &mut Losses,
    ) -> Vec<u8> {
        ChatCompletions.encode_response(response, request, echo, losses)
    }

    fn stream_encoder(&self, request: &Request, echo: &Echo) -> Box<dyn StreamEncoder> {
        ChatCompletions.stream_encoder(request, echo)
    }

    fn encode_error(&self, status: u16, fault: &Fault, request_id: &str) -> Vec<u8> {
        ChatCompletions.encode_error(status, fault, request_id)
    }
}
