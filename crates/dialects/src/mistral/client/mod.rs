//! Mistral's chat completions, embeddings and models towards callers.

use crate::*;
use canonical::*;

/// `POST /v1/chat/completions`.
#[derive(Debug)]
pub(crate) struct ChatCompletions;

impl ChatEndpoint for ChatCompletions {
    fn dialect(&self) -> Dialect {
        Dialect::Mistral
    }
    fn provider_target(&self, model: &str, stream: bool) -> String {
        crate::codec(Dialect::Mistral).chat_target(model, stream)
    }
    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        crate::codec(Dialect::Mistral).decode_response(body)
    }
    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        crate::codec(Dialect::Mistral).stream_decoder()
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

/// `POST /v1/fim/completions`.
#[derive(Debug)]
pub(crate) struct FimCompletions;

impl ChatEndpoint for FimCompletions {
    fn dialect(&self) -> Dialect {
        Dialect::Mistral
    }
    fn provider_target(&self, model: &str, stream: bool) -> String {
        crate::codec(Dialect::Mistral).chat_target(model, stream)
    }
    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        crate::codec(Dialect::Mistral).decode_response(body)
    }
    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        crate::codec(Dialect::Mistral).stream_decoder()
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

/// `POST /v1/embeddings`.
#[derive(Debug)]
pub(crate) struct Embeddings;

impl EmbeddingsEndpoint for Embeddings {
    fn dialect(&self) -> Dialect {
        Dialect::Mistral
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
