//! A settled request as spans, in OTLP's JSON and under the names of OpenTelemetry's conventions for generative AI.
//!
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>; what is ours begins with `closedpaw.`. Never
//! anything that was said.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use canonical::{RequestTrace, TraceContext};
use records::{AttemptRecord, Operation, Outcome, RequestRecord};
use serde_json::{Value, json};

/// `SpanKind`: asked from outside.
const SERVER: u8 = 2;

/// `SpanKind`: asking outside.
const CLIENT: u8 = 3;

/// `StatusCode`: it failed.
const ERROR: u8 = 2;

/// The spans of one request: its own first, then one for each try.
pub(super) fn of(record: &RequestRecord) -> Vec<Value> {
    let caller = record.traceparent.as_deref().and_then(TraceContext::parse);
    let trace = RequestTrace::new(&record.id, caller);
    let tries = record.attempts.iter().enumerate();
    let tries = tries.map(|(number, attempt)| attempt_span(record, attempt, &trace, number));
    [request_span(record, &trace)].into_iter().chain(tries).collect()
}

/// Whether the trace that a request belongs to is recorded.
pub(super) fn is_sampled(record: &RequestRecord) -> bool {
    let caller = record.traceparent.as_deref().and_then(TraceContext::parse);
    caller.is_none_or(|caller| caller.is_sampled())
}

fn request_span(record: &RequestRecord, trace: &RequestTrace) -> Value {
    let usage = &record.usage;
    let failed = match record.outcome {
        Outcome::Failed | Outcome::BrokenOff => true,
        // What the caller got wrong is no failure of the server.
        Outcome::Answered | Outcome::Refused | Outcome::Cancelled => false,
    };
    let attributes = [
        text("gen_ai.operation.name", Some(operation(record.operation))),
        text("gen_ai.provider.name", record.provider.as_deref()),
        text("gen_ai.request.model", Some(&record.asked_model)),
        text("gen_ai.response.model", record.model.as_deref()),
        number("gen_ai.usage.input_tokens", usage.prompt_tokens()),
        number("gen_ai.usage.cache_read.input_tokens", usage.cache_read_tokens),
        number("gen_ai.usage.cache_creation.input_tokens", usage.cache_write_tokens),
        number("gen_ai.usage.output_tokens", usage.output_tokens),
        number("http.response.status_code", Some(record.status.into())),
        text("error.type", record.error),
        text("closedpaw.request.id", Some(&record.id)),
        text("closedpaw.outcome", Some(record.outcome.as_str())),
        text("closedpaw.dialect", Some(record.dialect)),
        text("closedpaw.route", record.route.as_deref()),
        text("closedpaw.key", Some(&record.key)),
        text("closedpaw.project", record.project.as_deref()),
        number("closedpaw.generation", Some(record.generation)),
        number("closedpaw.cost_nano_usd", record.cost_nano_usd),
        number("closedpaw.queued_ms", Some(milliseconds(record.queued))),
        number("closedpaw.first_byte_ms", record.first_byte.map(milliseconds)),
    ];
    let name = match &record.model {
        Some(model) => format!("{} {model}", operation(record.operation)),
        None => operation(record.operation).to_owned(),
    };
    let own = trace.own();
    let parent = trace.caller().map(|caller| caller.span_id());
    let times = (record.began_at, record.duration);
    span((own, parent), &name, SERVER, times, attributes, failed.then_some(record.error).flatten())
}

fn attempt_span(
    record: &RequestRecord,
    attempt: &AttemptRecord,
    trace: &RequestTrace,
    count: usize,
) -> Value {
    let attributes = [
        text("gen_ai.operation.name", Some(operation(record.operation))),
        text("gen_ai.provider.name", Some(&attempt.provider)),
        text("gen_ai.request.model", Some(&attempt.model)),
        number("http.response.status_code", attempt.status.map(u64::from)),
        number("http.request.resend_count", Some(count as u64).filter(|count| *count > 0)),
        text("error.type", attempt.error),
        number("closedpaw.provider_key", Some(attempt.key as u64)),
        text("closedpaw.reason", Some(&attempt.reason)),
        text("closedpaw.blame", attempt.blame),
        number("closedpaw.first_byte_ms", attempt.first_byte.map(milliseconds)),
    ];
    let name = format!("{} {}", operation(record.operation), attempt.model);
    let ids = (trace.attempt(count), Some(trace.own().span_id()));
    let times = (record.began_at + attempt.began, attempt.duration);
    span(ids, &name, CLIENT, times, attributes, attempt.error)
}

fn span<const N: usize>(
    (context, parent): (TraceContext, Option<u64>),
    name: &str,
    kind: u8,
    (began, duration): (SystemTime, Duration),
    attributes: [Option<Value>; N],
    error: Option<&str>,
) -> Value {
    let attributes: Vec<Value> = attributes.into_iter().flatten().collect();
    let mut span = json!({
        "traceId": format!("{:032x}", context.trace_id()),
        "spanId": format!("{:016x}", context.span_id()),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": nanoseconds(began),
        "endTimeUnixNano": nanoseconds(began + duration),
        "attributes": attributes,
    });
    if let Some(members) = span.as_object_mut() {
        if let Some(parent) = parent {
            members.insert("parentSpanId".to_owned(), json!(format!("{parent:016x}")));
        }
        if let Some(error) = error {
            members.insert("status".to_owned(), json!({ "code": ERROR, "message": error }));
        }
    }
    span
}

/// The operation as the conventions name it; for counts of tokens they have no name.
const fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Chat => "chat",
        Operation::Embeddings => "embeddings",
        Operation::Count => "count_tokens",
    }
}

fn text(key: &str, value: Option<&str>) -> Option<Value> {
    Some(json!({ "key": key, "value": { "stringValue": value? } }))
}

/// A number; OTLP writes 64-bit ones as strings.
fn number(key: &str, value: Option<u64>) -> Option<Value> {
    Some(json!({ "key": key, "value": { "intValue": value?.to_string() } }))
}

fn nanoseconds(at: SystemTime) -> String {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn attribute<'a>(span: &'a Value, key: &str) -> Option<&'a str> {
        let attributes = span["attributes"].as_array().unwrap();
        let found = attributes.iter().find(|attribute| attribute["key"] == key)?;
        found["value"].as_object().unwrap().values().next().unwrap().as_str()
    }

    #[test]
    fn a_request_is_a_server_span_with_a_client_span_for_each_try() {
        let spans = of(&sample::record());
        let [request, failed, answered] = &spans[..] else { panic!("{spans:?}") };
        assert_eq!(
            request["traceId"],
            sample::record().id,
            "a trace of its own has the request's id"
        );
        assert_eq!(request.get("parentSpanId"), None);
        assert_eq!((&request["name"], &request["kind"]), (&json!("chat gpt-5"), &json!(2)));
        assert_eq!(request["startTimeUnixNano"], "1700000000000000000");
        assert_eq!(request["endTimeUnixNano"], "1700000002000000000");
        assert_eq!(request.get("status"), None);
        for (key, expected) in [
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.request.model", "smart"),
            ("gen_ai.response.model", "gpt-5"),
            ("gen_ai.usage.input_tokens", "120"),
            ("gen_ai.usage.cache_read.input_tokens", "20"),
            ("gen_ai.usage.output_tokens", "30"),
            ("http.response.status_code", "200"),
            ("closedpaw.route", "smart"),
            ("closedpaw.key", "k3y"),
            ("closedpaw.project", "apollo"),
            ("closedpaw.outcome", "answered"),
            ("closedpaw.cost_nano_usd", "1500000"),
        ] {
            assert_eq!(attribute(request, key), Some(expected), "{key}");
        }
        assert_eq!(attribute(request, "error.type"), None);

        assert_eq!((&failed["name"], &failed["kind"]), (&json!("chat llama3.2:3b"), &json!(3)));
        assert_eq!(failed["startTimeUnixNano"], "1700000000005000000");
        assert_eq!(failed["endTimeUnixNano"], "1700000000045000000");
        assert_eq!(failed["status"], json!({ "code": 2, "message": "upstream_failed" }));
        assert_eq!(attribute(failed, "error.type"), Some("upstream_failed"));
        assert_eq!(attribute(failed, "http.response.status_code"), Some("500"));
        assert_eq!(attribute(failed, "http.request.resend_count"), None);
        assert_eq!(attribute(answered, "http.request.resend_count"), Some("1"));
        assert_eq!(answered.get("status"), None);
        for span in [failed, answered] {
            assert_eq!(span["traceId"], request["traceId"]);
            assert_eq!(span["parentSpanId"], request["spanId"]);
        }
        assert_ne!(failed["spanId"], answered["spanId"]);
    }

    #[test]
    fn the_callers_trace_is_continued() {
        let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let record = RequestRecord { traceparent: Some(caller.to_owned()), ..sample::record() };
        let spans = of(&record);
        assert_eq!(spans[0]["traceId"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(spans[0]["parentSpanId"], "b7ad6b7169203331");
        let told = RequestTrace::new(&record.id, TraceContext::parse(caller)).attempt(1);
        assert_eq!(
            spans[2]["spanId"],
            format!("{:016x}", told.span_id()),
            "what the provider was told"
        );
        assert!(is_sampled(&record) && is_sampled(&sample::record()));
        let unsampled = Some(caller.replace("-01", "-00"));
        assert!(!is_sampled(&RequestRecord { traceparent: unsampled, ..sample::record() }));
    }

    #[test]
    fn only_what_we_failed_at_is_an_error() {
        let check = |outcome, expected: Option<u64>| {
            let record = RequestRecord { outcome, error: Some("timeout"), ..sample::record() };
            let span = of(&record).remove(0);
            assert_eq!(
                span.pointer("/status/code").and_then(Value::as_u64),
                expected,
                "{outcome:?}"
            );
            assert_eq!(attribute(&span, "error.type"), Some("timeout"));
        };
        check(Outcome::Failed, Some(2));
        check(Outcome::BrokenOff, Some(2));
        check(Outcome::Refused, None);
        check(Outcome::Cancelled, None);
    }
}
