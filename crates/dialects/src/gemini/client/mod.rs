//! Gemini towards callers.

use crate::*;
use canonical::*;

/// `:generateContent` and `:streamGenerateContent?alt=sse`.
#[derive(Debug)]
pub(crate) struct GenerateContent;

impl ChatEndpoint for GenerateContent {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }
    fn provider_target(&self, model: &str, stream: bool) -> String {
        crate::codec(Dialect::Gemini).chat_target(model, stream)
    }
    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        crate::codec(Dialect::Gemini).decode_response(body)
    }
    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        crate::codec(Dialect::Gemini).stream_decoder()
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

/// `:streamGenerateContent` as one JSON array.
#[derive(Debug)]
pub(crate) struct GenerateContentArray;

impl ChatEndpoint for GenerateContentArray {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }
    fn provider_target(&self, model: &str, stream: bool) -> String {
        crate::codec(Dialect::Gemini).chat_target(model, stream)
    }
    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        crate::codec(Dialect::Gemini).decode_response(body)
    }
    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        crate::codec(Dialect::Gemini).stream_decoder()
    }
    fn framing(&self) -> Framing {
        Framing::JsonArray
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

/// `:embedContent`.
#[derive(Debug)]
pub(crate) struct EmbedContent;

impl EmbeddingsEndpoint for EmbedContent {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
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

/// `:batchEmbedContents`.
#[derive(Debug)]
pub(crate) struct BatchEmbedContents;

impl EmbeddingsEndpoint for BatchEmbedContents {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
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

/// `:countTokens`.
#[derive(Debug)]
pub(crate) struct CountTokens;

impl CountEndpoint for CountTokens {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }
    fn decode_request(&self, _body: &[u8], _losses: &mut Losses) -> Result<Request, Fault> {
        Err(crate::fields::invalid("not served yet"))
    }
    fn encode_count(&self, _input_tokens: u64) -> Vec<u8> {
        Vec::new()
    }
}

/// `GET /v1beta/models`.
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
