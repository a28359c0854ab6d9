//! What every dialect can do towards a caller.

use std::time::SystemTime;

use canonical::{
    Dialect, EmbeddingRequest, EmbeddingResponse, Event, Fault, Losses, ModelCard, Request,
    Response,
};

use wire::Framing;

use crate::{StreamDecoder, codec};

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
    fn provider_target(&self, model: &str, stream: bool) -> String {
        codec(self.dialect()).chat_target(model, stream)
    }

    /// Reads what a provider of the same dialect answers whole at [`Self::provider_target`].
    ///
    /// # Errors
    ///
    /// As [`crate::Codec::decode_response`].
    fn decode_answer(&self, body: &[u8]) -> Result<Response, Fault> {
        codec(self.dialect()).decode_response(body)
    }

    /// Starts reading what a provider of the same dialect streams at [`Self::provider_target`].
    fn answer_decoder(&self) -> Box<dyn StreamDecoder> {
        codec(self.dialect()).stream_decoder()
    }

    /// How the streamed answer is cut into frames.
    fn framing(&self) -> Framing {
        codec(self.dialect()).framing()
    }

    /// The largest frame that a provider of the same dialect may send, in bytes.
    fn largest_frame_bytes(&self) -> usize {
        crate::LARGEST_FRAME_BYTES
    }

    /// The caller's headers that a provider of the same dialect is to see, lower case.
    fn forwarded_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// The pairs of the caller's query that a provider of the same dialect is to see, such as `a=b`.
    fn forwarded_query(&self) -> &'static [&'static str] {
        &[]
    }

    /// Where a body names the model: paths of member names, `*` for each element of a list.
    fn model_places(&self) -> &'static [&'static [&'static str]] {
        &[&["model"]]
    }

    /// Whether a streamed answer tells its usage only to those who ask by `stream_options`.
    fn tells_usage_on_request(&self) -> bool {
        false
    }

    /// Whether a frame of a stream is the one that only those see who asked for usage.
    fn is_usage_frame(&self, _frame: &[u8]) -> bool {
        false
    }

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

    /// Writes the error that ends a stream of the provider's own frames, of which some went out already or none.
    fn encode_break(&self, fault: &Fault, _after_frames: bool) -> Vec<u8> {
        let echo =
            Echo { model: String::new(), created: SystemTime::UNIX_EPOCH, id: String::new() };
        let mut out = Vec::new();
        self.stream_encoder(&Request::default(), &echo)
            .encode(&Event::Failed(fault.clone()), &mut out);
        out
    }

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

    /// What could not be said so far; it is for the log, since the headers are out.
    fn losses(&self) -> &Losses;

    /// What may be sent at any time between events to show that the stream lives; empty where nothing can be.
    fn keep_alive(&self) -> &'static [u8] {
        b": keep-alive\n\n"
    }
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

    /// Where a body names the model; see [`ChatEndpoint::model_places`].
    fn model_places(&self) -> &'static [&'static [&'static str]] {
        &[&["model"]]
    }

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

    /// Where a body names the model; see [`ChatEndpoint::model_places`].
    fn model_places(&self) -> &'static [&'static [&'static str]] {
        &[&["model"]]
    }

    /// The caller's headers that a provider of the same dialect is to see, lower case.
    fn forwarded_headers(&self) -> &'static [&'static str] {
        &[]
    }

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
