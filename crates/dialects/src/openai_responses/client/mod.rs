//! OpenAI's Responses towards callers.

use crate::*;
use canonical::*;

/// `POST /v1/responses`.
#[derive(Debug)]
pub(crate) struct Responses;

impl ChatEndpoint for Responses {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiResponses
    }
    fn provider_target(&self, model: &str, stream: bool) -> String {
        crate::codec(Dialect::OpenAiResponses).chat_target(model, stream)
    }
    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        crate::codec(Dialect::OpenAiResponses).decode_response(body)
    }
    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        crate::codec(Dialect::OpenAiResponses).stream_decoder()
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

struct Nothing;
impl StreamEncoder for Nothing {
    fn encode(&mut self, _event: &Event, _out: &mut Vec<u8>) {}
}
