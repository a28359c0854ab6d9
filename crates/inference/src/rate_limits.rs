//! What is left of a caller's own limits, in the headers of its dialect.

use std::time::{Instant, SystemTime};

use canonical::Dialect;
use dialects::rate_limit_headers;
use http::{HeaderName, HeaderValue};
use keys::Caller;
use limits::least_left;
use server::Response;

/// Adds the headers, where a limit applies.
pub(crate) fn tell(answer: &mut Response, dialect: Option<Dialect>, caller: &Caller) {
    let Some(dialect) = dialect.filter(|_| !caller.meters.is_empty()) else { return };
    let (requests, tokens) = least_left(&caller.meters, Instant::now());
    for (name, text) in rate_limit_headers(dialect, requests, tokens, SystemTime::now()) {
        if let Ok(value) = HeaderValue::try_from(text) {
            answer.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}
