//! Gemini towards callers.

mod answer;
mod config;
mod content;
mod count;
mod embeddings;
mod error;
mod models;
mod part;
mod request;
mod response;
mod schema;
mod spelling;
mod stream;
#[cfg(test)]
mod tests;
mod tools;

use canonical::{
    Dialect, EmbeddingRequest, EmbeddingResponse, Fault, Losses, ModelCard, Request, Response,
};
use serde_json::json;

use super::{Gemini, LARGEST_CHUNK_BYTES, array_stream::ArrayDecoder, target};
use crate::{
    ChatEndpoint, Codec, CountEndpoint, Echo, EmbeddingsEndpoint, Framing, ModelsEndpoint,
    StreamDecoder, StreamEncoder,
};

/// `:generateContent` and `:streamGenerateContent`, whose streams come as server-sent events with `alt=sse`, and as
/// one JSON array without.
#[derive(Debug)]
pub(crate) struct GenerateContent {
    pub(crate) framing: Framing,
}

impl ChatEndpoint for GenerateContent {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }

    fn stream_type(&self) -> &'static str {
        match self.framing {
            Framing::Sse => "text/event-stream",
            Framing::JsonArray | Framing::Ndjson => "application/json",
        }
    }

    fn provider_target(&self, model: &str, stream: bool) -> String {
        match self.framing {
            Framing::JsonArray | Framing::Ndjson if stream => {
                target(model, "streamGenerateContent")
            }
            Framing::Sse | Framing::JsonArray | Framing::Ndjson => {
                Gemini.chat_target(model, stream)
            }
        }
    }

    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        match self.framing {
            Framing::Sse => Gemini.stream_decoder(),
            Framing::JsonArray | Framing::Ndjson => Box::new(ArrayDecoder::new()),
        }
    }

    fn framing(&self) -> Framing {
        self.framing
    }

    fn largest_frame_bytes(&self) -> usize {
        LARGEST_CHUNK_BYTES
    }

    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
        request::decode(body, losses)
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
        Box::new(stream::Encoder::new(self.framing, echo))
    }

    fn encode_break(&self, fault: &Fault, after_frames: bool) -> Vec<u8> {
        stream::broken_off(self.framing, fault, after_frames)
    }

    fn encode_error(&self, status: u16, fault: &Fault, _request_id: &str) -> Vec<u8> {
        error::body(status, fault).to_string().into_bytes()
    }
}

/// `:embedContent`.
#[derive(Debug)]
pub(crate) struct EmbedContent;

impl EmbeddingsEndpoint for EmbedContent {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }

    fn provider_target(&self, model: &str) -> String {
        target(model, "embedContent")
    }

    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<EmbeddingRequest, Fault> {
        embeddings::decode_one(body, losses)
    }

    fn encode_response(
        &self,
        response: &EmbeddingResponse,
        _request: &EmbeddingRequest,
        _echo: &Echo,
    ) -> Vec<u8> {
        embeddings::encode_one(response)
    }
}

/// `:batchEmbedContents`.
#[derive(Debug)]
pub(crate) struct BatchEmbedContents;

impl EmbeddingsEndpoint for BatchEmbedContents {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }

    fn provider_target(&self, model: &str) -> String {
        target(model, "batchEmbedContents")
    }

    fn model_places(&self) -> &'static [&'static [&'static str]] {
        &[&["model"], &["requests", "*", "model"]]
    }

    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<EmbeddingRequest, Fault> {
        embeddings::decode_batch(body, losses)
    }

    fn encode_response(
        &self,
        response: &EmbeddingResponse,
        _request: &EmbeddingRequest,
        _echo: &Echo,
    ) -> Vec<u8> {
        embeddings::encode_batch(response)
    }
}

/// `:countTokens`.
#[derive(Debug)]
pub(crate) struct CountTokens;

impl CountEndpoint for CountTokens {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }

    fn model_places(&self) -> &'static [&'static [&'static str]] {
        &[&["model"], &["generateContentRequest", "model"]]
    }

    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
        count::decode(body, losses)
    }

    fn encode_count(&self, input_tokens: u64) -> Vec<u8> {
        json!({"totalTokens": input_tokens}).to_string().into_bytes()
    }
}

/// `GET /v1beta/models`.
#[derive(Debug)]
pub(crate) struct Models;

impl ModelsEndpoint for Models {
    fn encode_models(&self, models: &[ModelCard], query: Option<&str>) -> Result<Vec<u8>, Fault> {
        models::list(models, query)
    }

    fn encode_model(&self, model: &ModelCard) -> Vec<u8> {
        models::card(model).to_string().into_bytes()
    }
}
