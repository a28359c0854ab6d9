//! OpenAI's Responses towards callers.

mod content;
mod envelope;
mod error;
mod frames;
mod input;
mod item;
mod request;
mod response;
mod seal;
mod stream;
mod tools;

use canonical::{Dialect, Fault, Losses, Request, Response};

use crate::{ChatEndpoint, Echo, StreamEncoder};

/// `POST /v1/responses`.
#[derive(Debug)]
pub(crate) struct Responses;

impl ChatEndpoint for Responses {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiResponses
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
        error::body(status, fault)
    }
}
