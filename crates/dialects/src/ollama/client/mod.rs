//! Ollama towards callers.

use crate::*;
use canonical::*;

/// `POST /api/chat`.
#[derive(Debug)]
pub(crate) struct Chat;

impl ChatEndpoint for Chat {
    fn dialect(&self) -> Dialect {
        Dialect::Ollama
    }
    fn provider_target(&self, model: &str, stream: bool) -> String {
        crate::codec(Dialect::Ollama).chat_target(model, stream)
    }
    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        crate::codec(Dialect::Ollama).decode_response(body)
    }
    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        crate::codec(Dialect::Ollama).stream_decoder()
    }
    fn framing(&self) -> Framing {
        Framing::Ndjson
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

/// `POST /api/generate`.
#[derive(Debug)]
pub(crate) struct Generate;

impl ChatEndpoint for Generate {
    fn dialect(&self) -> Dialect {
        Dialect::Ollama
    }
    fn provider_target(&self, model: &str, stream: bool) -> String {
        crate::codec(Dialect::Ollama).chat_target(model, stream)
    }
    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        crate::codec(Dialect::Ollama).decode_response(body)
    }
    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        crate::codec(Dialect::Ollama).stream_decoder()
    }
    fn framing(&self) -> Framing {
        Framing::Ndjson
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

/// `POST /api/embed`.
#[derive(Debug)]
pub(crate) struct Embed;

impl EmbeddingsEndpoint for Embed {
    fn dialect(&self) -> Dialect {
        Dialect::Ollama
    }
    fn provider_target(&self, _model: &str) -> String {
        String::new()
    }
    fn decode_request(
        &self,
        _body: &[u8],
        _losses: &mut Losses,
    ) -> Result<EmbeddingRequest, Fault> {
        Err(crate::fields::invalid("not served yet"))
    }
    fn encode_response(
        &self,
        _response: &EmbeddingResponse,
        _request: &EmbeddingRequest,
        _echo: &Echo,
    ) -> Vec<u8> {
        Vec::new()
    }
}

/// `GET /api/tags` and `POST /api/show`.
#[derive(Debug)]
pub(crate) struct Tags;

impl ModelsEndpoint for Tags {
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
