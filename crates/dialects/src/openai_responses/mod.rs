//! OpenAI's Responses, without its stored state.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses>.

mod answer;
pub(crate) mod client;
mod input;
mod logprobs;
mod namespace;
mod output;
mod request;
mod response;
mod stream;

use canonical::{Dialect, Fault, Losses, Request, Response};

use crate::{
    Codec, Credential, ErrorAnswer, Malformed, ModelPage, Quirks, StreamDecoder,
    openai_chat::{error, models},
};

/// The codec of [`Dialect::OpenAiResponses`].
#[derive(Debug)]
pub(crate) struct OpenAiResponses;

impl Codec for OpenAiResponses {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiResponses
    }

    fn credential(&self) -> Credential {
        Credential { header: "authorization", prefix: "Bearer " }
    }

    fn fixed_headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn chat_target(&self, _model: &str, _stream: bool) -> String {
        "/responses".to_owned()
    }

    fn encode_request(&self, request: &Request, _quirks: &Quirks, losses: &mut Losses) -> Vec<u8> {
        request::encode(request, losses)
    }

    fn decode_response(&self, body: &[u8]) -> Result<Response, Fault> {
        response::decode(body)
    }

    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new())
    }

    fn decode_error(&self, answer: &ErrorAnswer<'_>) -> Fault {
        error::decode(answer)
    }

    fn models_target(&self, _page: Option<&str>) -> String {
        "/models".to_owned()
    }

    fn decode_models(&self, body: &[u8]) -> Result<ModelPage, Malformed> {
        models::decode(body)
    }

    fn probe_target(&self) -> &'static str {
        "/models"
    }
}
