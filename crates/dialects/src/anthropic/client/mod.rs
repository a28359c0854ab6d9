//! Anthropic's messages, token counts and models towards callers.

mod block;
mod call_id;
mod carried_seal;
mod error;
mod media;
mod message;
mod models;
mod open_part;
mod request;
mod response;
mod stream;
#[cfg(test)]
mod tests;
mod tools;

use canonical::{Dialect, Fault, Losses, ModelCard, Request, Response};
use serde_json::json;

use crate::{ChatEndpoint, CountEndpoint, Echo, ModelsEndpoint, StreamEncoder};

/// What says in which version, and with which beta features, a body is written.
const FORWARDED_HEADERS: &[&str] = &["anthropic-version", "anthropic-beta"];

/// `POST /v1/messages`.
#[derive(Debug)]
pub(crate) struct Messages;

impl ChatEndpoint for Messages {
    fn dialect(&self) -> Dialect {
        Dialect::Anthropic
    }

    fn forwarded_headers(&self) -> &'static [&'static str] {
        FORWARDED_HEADERS
    }

    fn forwarded_query(&self) -> &'static [&'static str] {
        // Older SDKs mark requests with beta features like this, beside the header.
        &["beta=true"]
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

    fn error_status(&self, fault: &Fault) -> u16 {
        error::status(fault)
    }

    fn encode_error(&self, status: u16, fault: &Fault, request_id: &str) -> Vec<u8> {
        error::encode(status, fault, request_id)
    }
}

/// `POST /v1/messages/count_tokens`.
#[derive(Debug)]
pub(crate) struct CountTokens;

impl CountEndpoint for CountTokens {
    fn dialect(&self) -> Dialect {
        Dialect::Anthropic
    }

    fn forwarded_headers(&self) -> &'static [&'static str] {
        FORWARDED_HEADERS
    }

    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
        request::count(body, losses)
    }

    fn encode_count(&self, input_tokens: u64) -> Vec<u8> {
        json!({"input_tokens": input_tokens}).to_string().into_bytes()
    }
}

/// `GET /v1/models`.
#[derive(Debug)]
pub(crate) struct Models;

impl ModelsEndpoint for Models {
    fn encode_models(&self, models: &[ModelCard], query: Option<&str>) -> Result<Vec<u8>, Fault> {
        models::encode(models, query)
    }

    fn encode_model(&self, model: &ModelCard) -> Vec<u8> {
        models::model(model).to_string().into_bytes()
    }
}
