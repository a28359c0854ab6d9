//! A call in a caller's own dialect, and its answer.

use bytes::Bytes;
use dialects::ChatEndpoint;
use http::{HeaderMap, HeaderName};

use crate::{Context, Relay, errand::Whole};

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
    /// Who calls.
    pub context: Context,
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
    Whole(Whole<Bytes>),
    /// Piece by piece.
    Stream(Relay),
}

impl InferenceCall {
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

/// The headers of those that are named, for a provider of the caller's dialect.
pub(crate) fn forwarded_headers(names: &[&'static str], sent: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in names {
        for value in sent.get_all(*name) {
            headers.append(HeaderName::from_static(name), value.clone());
        }
    }
    headers
}
