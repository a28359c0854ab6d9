//! What every dialect can do towards a provider.

use std::time::SystemTime;

use canonical::{
    Dialect, EmbeddingRequest, EmbeddingResponse, Event, Fault, Losses, Request, Response,
};
use thiserror::Error;

use crate::{Framing, Quirks};

/// One dialect's way of asking a provider and of reading its answers.
///
/// Everything here is a pure function of its arguments: no sockets, no clocks, no state between calls.
/// Targets are origin-relative: a path that starts with `/` and is appended to the provider's base URL,
/// percent-encoded, with its query.
pub trait Codec: Send + Sync {
    /// The dialect spoken.
    fn dialect(&self) -> Dialect;

    /// The header that carries the API key, and what stands before the key in it.
    fn credential(&self) -> Credential;

    /// Headers that each request of the dialect carries, lower case.
    fn fixed_headers(&self) -> &'static [(&'static str, &'static str)];

    /// Where chats with `model` are posted.
    fn chat_target(&self, model: &str, stream: bool) -> String;

    /// Writes the request as the provider wants it; what cannot be said is noted in `losses`.
    fn encode_request(&self, request: &Request, quirks: &Quirks, losses: &mut Losses) -> Vec<u8>;

    /// Reads a whole answer of status 200.
    ///
    /// # Errors
    ///
    /// Fails when the body is no answer of this dialect, or when it is an error in a 200's clothing.
    fn decode_response(&self, body: &[u8]) -> Result<Response, Fault>;

    /// How a streamed answer is cut into frames.
    fn framing(&self) -> Framing {
        Framing::Sse
    }

    /// Starts reading a streamed answer of status 200.
    fn stream_decoder(&self) -> Box<dyn StreamDecoder>;

    /// Reads an answer of another status. Never fails: what cannot be read is described by its status.
    fn decode_error(&self, answer: &ErrorAnswer<'_>) -> Fault;

    /// Where embeddings of `inputs` inputs by `model` are asked for, if the dialect has any.
    fn embeddings_target(&self, _model: &str, _inputs: usize) -> Option<String> {
        None
    }

    /// Writes a request for embeddings; what cannot be said is noted in `losses`.
    ///
    /// # Errors
    ///
    /// Fails where the dialect has no embeddings, or none of such inputs.
    fn encode_embeddings(
        &self,
        _request: &EmbeddingRequest,
        _losses: &mut Losses,
    ) -> Result<Vec<u8>, Fault> {
        Err(without("embeddings"))
    }

    /// Reads the vectors.
    ///
    /// # Errors
    ///
    /// Fails when the body is no such answer of this dialect.
    fn decode_embeddings(&self, _body: &[u8]) -> Result<EmbeddingResponse, Fault> {
        Err(without("embeddings"))
    }

    /// Where the tokens of a chat with `model` are counted without being spent, if the dialect has such a place.
    fn count_target(&self, _model: &str) -> Option<String> {
        None
    }

    /// Writes a request to count; what cannot be said is noted in `losses`.
    fn encode_count(&self, _request: &Request, _losses: &mut Losses) -> Vec<u8> {
        Vec::new()
    }

    /// Reads a count of input tokens.
    ///
    /// # Errors
    ///
    /// Fails when the body is no such answer of this dialect.
    fn decode_count(&self, _body: &[u8]) -> Result<u64, Fault> {
        Err(without("token counts"))
    }

    /// Where the list of models is, at the given page; costs no tokens.
    fn models_target(&self, page: Option<&str>) -> String;

    /// Whether a model that a provider lists under one id may be asked for under the other.
    fn is_same_model(&self, listed: &str, asked: &str) -> bool {
        listed == asked
    }

    /// Reads one page of the list of models.
    ///
    /// # Errors
    ///
    /// Fails when the body is no list of models of this dialect.
    fn decode_models(&self, body: &[u8]) -> Result<ModelPage, Malformed>;

    /// Where the cheapest request is that proves the provider alive and the key accepted.
    fn probe_target(&self) -> &'static str;

    /// Where the cheapest request is that shows whether the server lives, busy as it may be.
    fn liveness_target(&self) -> &'static str {
        self.probe_target()
    }
}

/// The fault of asking a provider for what its dialect lacks.
fn without(what: &str) -> Fault {
    Fault::invalid_request(format!(
        "the provider has no {what}: choose a model of another provider"
    ))
}

/// Reads one streamed answer, whatever the chunk boundaries.
pub trait StreamDecoder: Send {
    /// Takes the next bytes and appends the events they complete. After the last event it ignores all input.
    fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>);

    /// Takes the end of the body. A stream without its dialect's own end becomes [`Event::Failed`].
    fn finish(&mut self, events: &mut Vec<Event>);
}

/// The header that carries an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The header's name, lower case.
    pub header: &'static str,
    /// What stands before the key, such as `Bearer `.
    pub prefix: &'static str,
}

/// An answer of another status than 200, as it arrived.
#[derive(Clone, Copy)]
pub struct ErrorAnswer<'a> {
    /// The status.
    pub status: u16,
    /// Looks a header up by its lower-case name.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// When it came; dates in it count from here if it has no date of its own.
    pub received_at: SystemTime,
    /// The body, bounded by whoever read it.
    pub body: &'a [u8],
}

/// One page of a list of models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelPage {
    /// Ids as one would send them in a chat.
    pub ids: Vec<String>,
    /// What to ask [`Codec::models_target`] for next, unless this is the last page.
    pub next: Option<String>,
}

/// A body that its dialect does not allow.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Malformed(pub String);
