//! OpenAI's Responses, without its stored state.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses>.

pub(crate) mod client;

use canonical::{Dialect, Fault, Losses, Request, Response};

use crate::{Codec, Credential, ErrorAnswer, Malformed, ModelPage, Quirks, StreamDecoder};

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

    fn encode_request(
        &self,
        _request: &Request,
        _quirks: &Quirks,
        _losses: &mut Losses,
    ) -> Vec<u8> {
        Vec::new()
    }

    fn decode_response(&self, _body: &[u8]) -> Result<Response, Fault> {
        Err(crate::fields::invalid("not served yet"))
    }

    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        crate::codec(Dialect::OpenAiChat).stream_decoder()
    }

    fn decode_error(&self, answer: &ErrorAnswer<'_>) -> Fault {
        crate::codec(Dialect::OpenAiChat).decode_error(answer)
    }

    fn models_target(&self, page: Option<&str>) -> String {
        crate::codec(Dialect::OpenAiChat).models_target(page)
    }

    fn decode_models(&self, body: &[u8]) -> Result<ModelPage, Malformed> {
        crate::codec(Dialect::OpenAiChat).decode_models(body)
    }

    fn probe_target(&self) -> &'static str {
        "/models"
    }
}
