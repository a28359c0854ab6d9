//! Who calls, and what comes with any call.

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use keys::Caller;
use records::Sink;

/// The longest that a call may take when it doesn't say: what the vendors' own SDKs wait.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// The longest that a call may ask for.
const MOST_TIMEOUT_S: f64 = 24.0 * 3600.0;

/// Where a call says how long it will be waited for, in seconds; the second is what the SDKs of OpenAI and Anthropic
/// send of themselves.
const TIMEOUT_HEADERS: [&str; 2] = ["x-closedpaw-timeout", "x-stainless-timeout"];

/// Who calls, and what comes with any call.
#[derive(Clone)]
pub struct Context {
    /// Whose key it carries.
    pub caller: Arc<Caller>,
    /// Letters and digits that no other call has: its `x-request-id`.
    pub id: String,
    /// How long the caller waits in all.
    pub timeout: Duration,
    /// The W3C trace that it belongs to, as `traceparent` has it.
    pub traceparent: Option<String>,
    /// Who is told what became of this call, beside those who are told of all.
    pub log: Option<Arc<dyn Sink>>,
}

impl Context {
    /// Reads what the headers of a call say.
    #[must_use]
    pub fn of(caller: Arc<Caller>, id: String, headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let seconds = TIMEOUT_HEADERS.iter().find_map(|name| text(name)?.parse::<f64>().ok());
        let seconds = seconds.filter(|seconds| *seconds > 0.0);
        let timeout = seconds.map(|seconds| Duration::from_secs_f64(seconds.min(MOST_TIMEOUT_S)));
        Self {
            caller,
            id,
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            traceparent: text("traceparent").map(str::to_owned),
            log: None,
        }
    }
}
