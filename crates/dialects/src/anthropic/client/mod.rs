//! Anthropic's messages, token counts and models towards callers.

use crate::*;
use canonical::*;

/// `POST /v1/messages`.
#[derive(Debug)]
pub(crate) struct Messages;

impl ChatEndpoint for Messages {
    fn dialect(&self) -> Dialect {
        Dialect::Anthropic
    }
    fn provider_target(&self, model: &str, stream: bool) -> String {
        crate::codec(Dialect::Anthropic).chat_target(model, stream)
    }
    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        crate::codec(Dialect::Anthropic).decode_response(body)
    }
    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        crate::codec(Dialect::Anthropic).stream_decoder()
    }
    fn framing(&self) -> Framing {
        Framing::Sse
    }
    fn decode_request(&self, _body: &[u8], _losses: &mut Losses) -> Result<Request, Fault> {
        Err(crate::fields::invalid("not served yet"))
    }
    fn encode_response(
        &self,
        _response: &Response,
        _request: &Request,
        _echo: &Echo,
        _losses: &mut Losses,
    ) -> Vec<u8> {
        Vec::new()
    }
    fn stream_encoder(&self, _request: &Request, _echo: &Echo) -> Box<dyn StreamEncoder> {
        Box::new(Nothing)
    }
    fn encode_error(&self, _status: u16, _fault: &Fault, _request_id: &str) -> Vec<u8> {
        Vec::new()
    }
}

/// `POST /v1/messages/count_tokens`.
#[derive(Debug)]
pub(crate) struct CountTokens;

impl CountEndpoint for CountTokens {
    fn dialect(&self) -> Dialect {
        Dialect::Anthropic
    }
    fn decode_request(&self, _body: &[u8], _losses: &mut Losses) -> Result<Request, Fault> {
        Err(crate::fields::invalid("not served yet"))
    }
    fn encode_count(&self, _input_tokens: u64) -> Vec<u8> {
        Vec::new()
    }
}

/// `GET /v1/models`.
#[derive(Debug)]
pub(crate) struct Models;

impl ModelsEndpoint for Models {
    fn encode_models(&self, _models: &[ModelCard], _query: Option<&str>) -> Result<Vec<u8>, Fault> {
        Err(crate::fields::invalid("not served yet"))
    }
    fn encode_model(&self, _model: &ModelCard) -> Vec<u8> {
        Vec::new()
    }
}

struct Nothing;
impl StreamEncoder for Nothing {
    fn encode(&mut self, _event: &Event, _out: &mut Vec<u8>) {}
}
