//! Ollama towards callers.
//!
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md> and `api/types.go` beside it.

mod answer;
mod embed;
mod generate;
mod idle;
mod image;
mod messages;
mod models;
mod options;
mod request;
mod stream;

use canonical::{Dialect, Fault, FinishReason, Losses, Request, Response};
use serde_json::json;

pub(crate) use embed::{Embed, Embeddings};
pub(crate) use models::Tags;
pub use models::{encode_running, encode_version};

use super::{response, shape::Shape, stream::Decoder};
use crate::{ChatEndpoint, Echo, StreamDecoder, StreamEncoder};

/// `POST /api/chat` and `POST /api/generate`.
#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) shape: Shape,
}

impl ChatEndpoint for Chat {
    fn dialect(&self) -> Dialect {
        Dialect::Ollama
    }

    fn streams_by_default(&self) -> bool {
        true
    }

    fn stream_type(&self) -> &'static str {
        NDJSON
    }

    fn provider_target(&self, _model: &str, _stream: bool) -> String {
        self.shape.target().to_owned()
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        response::decode(body, self.shape)
    }

    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(Decoder::new(self.shape))
    }

    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
        match self.shape {
            Shape::Chat => request::decode(body, losses),
            Shape::Generate => generate::decode(body, losses),
        }
    }

    fn encode_response(
        &self,
        response: &Response,
        _request: &Request,
        echo: &Echo,
        losses: &mut Losses,
    ) -> Vec<u8> {
        answer::encode(self.shape, response, echo, losses)
    }

    fn encode_idle(&self, body: &[u8], echo: &Echo) -> Option<Vec<u8>> {
        idle::encode(self.shape, body, echo)
    }

    fn says(&self, reason: &FinishReason) -> bool {
        answer::says(reason)
    }

    fn stream_encoder(&self, _request: &Request, echo: &Echo) -> Box<dyn StreamEncoder> {
        Box::new(stream::Encoder::new(self.shape, echo))
    }

    fn encode_error(&self, _status: u16, fault: &Fault, _request_id: &str) -> Vec<u8> {
        error(fault)
    }
}

/// The media type of answers that are streamed as lines of JSON.
const NDJSON: &str = "application/x-ndjson";

/// Writes a fault as Ollama does, before an answer and within one.
/// Source: <https://github.com/ollama/ollama/blob/main/docs/api/errors.mdx>
fn error(fault: &Fault) -> Vec<u8> {
    json!({ "error": fault.public }).to_string().into_bytes()
}
