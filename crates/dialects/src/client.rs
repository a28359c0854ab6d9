//! What every dialect can do towards a caller.

use std::time::SystemTime;

use canonical::{
    Dialect, EmbeddingRequest, EmbeddingResponse, Event, Fault, Losses, ModelCard, Request,
    Response,
};

use crate::StreamDecoder;

/// One endpoint at which callers chat: how its requests are read and its answers written.
///
/// Everything here is a pure function of its arguments, like [`crate::Codec`]. The model and whether the answer is
/// streamed stand in the path of some dialects, so whoever calls sets [`Request::model`] and [`Request::stream`].
pub trait ChatEndpoint: Send + Sync {
    /// The dialect that callers speak here.
    fn dialect(&self) -> Dialect;

    /// Whether an answer is streamed when the request does not say.
    fn streams_by_default(&self) -> bool {
        false
    }

    /// The media type of a streamed answer.
    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }

    /// Where a provider of the same dialect takes the very same request, below its base URL.
    fn provider_target(&self, model: &str, stream: bool) -> String;

    /// Reads what a provider of the same dialect answers whole at [`Self::provider_target`].
    ///
    /// # Errors
    ///
    /// As [`crate::Codec::decode_response`].
    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault>;

    /// Starts reading what a provider of the same dialect streams at [`Self::provider_target`].
    fn answer_decoder(&self) -> Box<dyn StreamDecoder>;

    /// How the streamed answer is cut into frames.
    fn framing(&self) -> Framing;

    /// Reads a request. What the canonical form can't hold is noted in `losses`: no provider is told of it.
    ///
    /// # Errors
    ///
    /// A fault of the caller's, with a sentence that says what to do.
    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<Request, Fault>;

    /// Writes the answer to a request that asks nothing of a model, where the dialect has such; `None` for all others.
    /// A provider of the same dialect is asked all the same.
    fn encode_idle(&self, _body: &[u8], _echo: &Echo) -> Option<Vec<u8>> {
        None
    }

    /// Writes a whole answer to `request`; what the caller's dialect can't say is noted in `losses`.
    fn encode_response(
        &self,
        response: &Response,
        request: &Request,
        echo: &Echo,
        losses: &mut Losses,
    ) -> Vec<u8>;

    /// Starts writing a streamed answer to `request`.
    fn stream_encoder(&self, request: &Request, echo: &Echo) -> Box<dyn StreamEncoder>;

    /// The status that callers see for a fault.
    fn error_status(&self, fault: &Fault) -> u16 {
        fault.status()
    }

    /// Writes the body that tells a fault before an answer has begun.
    fn encode_error(&self, status: u16, fault: &Fault, request_id: &str) -> Vec<u8>;
}

/// Writes one streamed answer, event by event.
pub trait StreamEncoder: Send {
    /// Appends the frames that tell the event, if it has any. [`Event::Failed`] becomes the dialect's own error in
    /// the stream, and [`Event::Stop`] its own end; nothing follows either.
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>);

    /// What may be sent at any time between events to show that the stream lives; empty where nothing can be.
    fn keep_alive(&self) -> &'static [u8] {
        b": keep-alive\n\n"
    }
}

/// How a streamed answer is cut into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events, each ended by an empty line.
    Sse,
    /// One JSON value a line.
    Ndjson,
    /// One JSON array, whose elements come one by one.
    JsonArray,
}

/// What an answer repeats beside the provider's own words.
#[derive(Clone, Debug)]
pub struct Echo {
    /// The model as the caller named it.
    pub model: String,
    /// When the request came.
    pub created: SystemTime,
    /// Letters and digits that no other answer has; dialects put their own prefix before it.
    pub id: String,
}

/// One endpoint at which callers ask for embeddings.
pub trait EmbeddingsEndpoint: Send + Sync {
    /// The dialect that callers speak here.
    fn dialect(&self) -> Dialect;

    /// Where a provider of the same dialect takes the very same request, below its base URL.
    fn provider_target(&self, model: &str) -> String;

    /// Reads a request.
    ///
    /// # Errors
    ///
    /// A fault of the caller's, with a sentence that says what to do.
    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<EmbeddingRequest, Fault>;

    /// Writes the answer.
    fn encode_response(
        &self,
        response: &EmbeddingResponse,
        request: &EmbeddingRequest,
        echo: &Echo,
    ) -> Vec<u8>;
}

/// One endpoint at which callers ask how many tokens a chat has.
pub trait CountEndpoint: Send + Sync {
    /// The dialect that callers speak here.
    fn dialect(&self) -> Dialect;

    /// Reads a request, which is a chat's without what bears on the answer alone.
    ///
    /// # Errors
    ///
    /// A fault of the caller's, with a sentence that says what to do.
    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<Request, Fault>;

    /// Writes the answer.
    fn encode_count(&self, input_tokens: u64) -> Vec<u8>;
}

/// How a dialect lists models to callers.
pub trait ModelsEndpoint: Send + Sync {
    /// Writes the page of the list that `query` (what stands after `?`) asks for.
    ///
    /// # Errors
    ///
    /// A fault of the caller's where the query makes no sense.
    fn encode_models(&self, models: &[ModelCard], query: Option<&str>) -> Result<Vec<u8>, Fault>;

    /// Writes what is known of one model.
    fn encode_model(&self, model: &ModelCard) -> Vec<u8>;
}
