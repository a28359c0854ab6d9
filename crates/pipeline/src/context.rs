//! Who calls, and what comes with any call.

use std::{sync::Arc, time::Duration};

use canonical::TraceContext;
use http::{HeaderMap, HeaderValue};
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
    /// The W3C trace that it belongs to.
    pub trace: Option<TraceContext>,
    /// Who is told what became of this call, beside those who are told of all.
    pub log: Option<Arc<dyn Sink>>,
}

impl Context {
    /// Reads what the headers of a call say.
    #[must_use]
    pub fn of(caller: Arc<Caller>, id: String, headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let traces = headers.get_all("traceparent").iter().map(HeaderValue::as_bytes);
        let trace = TraceContext::of(traces);
        let seconds = TIMEOUT_HEADERS.iter().find_map(|name| text(name)?.parse::<f64>().ok());
        let seconds = seconds.filter(|seconds| *seconds > 0.0);
        let timeout = seconds.map(|seconds| Duration::from_secs_f64(seconds.min(MOST_TIMEOUT_S)));
        Self { caller, id, timeout: timeout.unwrap_or(DEFAULT_TIMEOUT), trace, log: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trace_that_is_one_is_continued() {
        let check = |values: &[&'static str], expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("traceparent", HeaderValue::from_static(value));
            }
            let context = Context::of(Arc::new(Caller::admin()), "id".to_owned(), &headers);
            assert_eq!(
                context.trace.map(|trace| trace.to_string()).as_deref(),
                expected,
                "{values:?}"
            );
        };
        let one = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        check(&[], None);
        check(&[one], Some(one));
        check(&[one, one], None);
        check(&["00-00000000000000000000000000000000-b7ad6b7169203331-01"], None);
        check(&["anything"], None);
    }
}
