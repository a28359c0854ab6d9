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

/// The longest `tracestate` that is handed on: what the specification asks every tracer to carry.
const MOST_TRACE_STATE_BYTES: usize = 512;

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
    /// What tracers before us note beside it, handed on as it came; none without a trace.
    pub trace_state: Option<HeaderValue>,
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
        let trace_state = trace.and_then(|_| trace_state(headers));
        let seconds = TIMEOUT_HEADERS.iter().find_map(|name| text(name)?.parse::<f64>().ok());
        let seconds = seconds.filter(|seconds| *seconds > 0.0);
        let timeout = seconds.map(|seconds| Duration::from_secs_f64(seconds.min(MOST_TIMEOUT_S)));
        Self {
            caller,
            id,
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            trace,
            trace_state,
            log: None,
        }
    }
}

/// Joins all values of `tracestate`, as the specification asks; one that is too long is left out whole.
fn trace_state(headers: &HeaderMap) -> Option<HeaderValue> {
    let values = headers.get_all("tracestate").iter().map(HeaderValue::as_bytes);
    let joined = values.filter(|value| !value.is_empty()).collect::<Vec<_>>().join(&b',');
    let fits = (1..=MOST_TRACE_STATE_BYTES).contains(&joined.len());
    if fits { HeaderValue::from_bytes(&joined).ok() } else { None }
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

    #[test]
    fn the_state_of_a_trace_comes_with_the_trace_alone() {
        let long = "a".repeat(513);
        let check = |trace: &str, states: &[&str], expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", HeaderValue::from_str(trace).unwrap());
            for state in states {
                headers.append("tracestate", HeaderValue::from_str(state).unwrap());
            }
            let context = Context::of(Arc::new(Caller::admin()), "id".to_owned(), &headers);
            let told = context.trace_state.as_ref().map(|state| state.to_str().unwrap());
            assert_eq!(told, expected, "{trace} {states:?}");
        };
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        check(trace, &[], None);
        check(trace, &[""], None);
        check(trace, &["a=1"], Some("a=1"));
        check(trace, &["a=1", "", "b=2,c=3"], Some("a=1,b=2,c=3"));
        check(trace, &[&long[1..]], Some(&long[1..]));
        check(trace, &[&long], None);
        check("anything", &["a=1"], None);
    }
}
