//! A call in a caller's own dialect, and its answer.

use bytes::Bytes;
use dialects::ChatEndpoint;
use http::{HeaderMap, HeaderName};

use crate::Relay;

/// A chat as a caller sent it.
pub struct InferenceCall {
    /// Where it was sent to.
    pub endpoint: &'static dyn ChatEndpoint,
    /// The body, byte for byte.
    pub body: Bytes,
    /// What the path says, in dialects whose bodies don't.
    pub path: Option<PathCall>,
    /// What stands after `?`, still percent-encoded.
    pub query: Option<String>,
    /// The headers as sent; only those that the endpoint lets through reach a provider.
    pub headers: HeaderMap,
    /// Whether the call is refused when something of it would get lost.
    pub strict: bool,
    /// Letters and digits that no other call has.
    pub id: String,
}

/// What a path says about a chat.
#[derive(Clone, Debug)]
pub struct PathCall {
    /// The model's name.
    pub model: String,
    /// Whether the answer is streamed.
    pub stream: bool,
}

/// The answer to a call, in the caller's dialect.
pub enum Answer {
    /// All at once, as JSON.
    Whole(Bytes),
    /// Piece by piece.
    Stream(Relay),
}

impl InferenceCall {
    /// The caller's headers that a provider of the same dialect is to see.
    pub(crate) fn forwarded_headers(&self) -> HeaderMap {
        let names = self.endpoint.forwarded_headers().iter();
        let values = names.flat_map(|name| {
            let values = self.headers.get_all(*name).iter();
            values.map(|value| (HeaderName::from_static(name), value.clone()))
        });
        let mut headers = HeaderMap::new();
        values.for_each(|(name, value)| {
            headers.append(name, value);
        });
        headers
    }

    /// Adds what of the caller's query a provider of the same dialect is to see.
    pub(crate) fn with_forwarded_query(&self, mut target: String) -> String {
        let allowed = self.endpoint.forwarded_query();
        let pairs = self.query.iter().flat_map(|query| query.split('&'));
        for pair in pairs.filter(|pair| allowed.contains(pair)) {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(pair);
        }
        target
    }
}
