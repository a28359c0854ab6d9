//! The one log line of a request: what was exchanged, who asked, and what became of it; never anything that was said.

use std::time::Duration;

use http::StatusCode;
use records::{AttemptRecord, Outcome, RequestRecord};

use crate::log_slot::cut;
use crate::record::{End, Record};

/// Writes the line: a warning where a provider failed the caller.
pub(crate) fn write(exchange: &Record) {
    let notes = exchange.log.take();
    let (caller, record) = (notes.caller.as_deref(), notes.record.as_deref());
    let failed_tries = record.and_then(failed_tries);
    let asked_model = record.map(|record| cut(&record.asked_model));
    let model = record.and_then(|record| record.model.as_deref()).map(cut);
    let usage = record.map(|record| record.usage).unwrap_or_default();
    // The fields stand twice because an event's level is a constant.
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                request.id = %exchange.request_id,
                http.method = %exchange.method,
                http.route = exchange.route,
                http.status = exchange.status.as_ref().map(StatusCode::as_u16),
                duration_ms = milliseconds(exchange.began.elapsed()),
                peer = %exchange.peer,
                key = caller.map(|caller| caller.id.as_str()),
                project = caller.and_then(|caller| caller.project.as_deref()),
                operation = record.map(|record| record.operation.as_str()),
                dialect = record.map(|record| record.dialect),
                asked_model,
                route = record.and_then(|record| record.route.as_deref()),
                provider = record.and_then(|record| record.provider.as_deref()),
                model,
                outcome = record.map(|record| record.outcome.as_str()),
                error.kind = record.and_then(|record| record.error),
                error.source = notes.source,
                attempts = record.map(|record| record.attempts.len()),
                failed_attempts = failed_tries,
                input_tokens = usage.prompt_tokens(),
                output_tokens = usage.output_tokens,
                cost_nano_usd = record.and_then(|record| record.cost_nano_usd),
                first_byte_ms = record.and_then(|record| record.first_byte).map(milliseconds),
                queued_ms = record.map(|record| milliseconds(record.queued)),
                dropped = notes.dropped,
                "{}",
                match exchange.end {
                    End::Complete => "answered",
                    End::Cut => "cut off before the end of the answer",
                }
            )
        };
    }
    match record.map(|record| record.outcome) {
        Some(Outcome::Failed | Outcome::BrokenOff) => line!(warn),
        Some(Outcome::Answered | Outcome::Refused | Outcome::Cancelled) | None => line!(info),
    }
}

/// The tries that failed, in order: `ollama/llama3.2:3b upstream_failed 500`.
fn failed_tries(record: &RequestRecord) -> Option<String> {
    let told = |attempt: &AttemptRecord| {
        let error = attempt.error?;
        let status = attempt.status.map(|status| format!(" {status}")).unwrap_or_default();
        Some(format!("{}/{} {error}{status}", attempt.provider, cut(&attempt.model)))
    };
    let told: Vec<String> = record.attempts.iter().filter_map(told).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use std::time::UNIX_EPOCH;

    use canonical::Usage;
    use http::Request;
    use keys::Caller;
    use records::{Operation, Sink};
    use serde_json::{Value, json};
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;
    use crate::exchange::Exchange;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Lines {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    /// Every line of a request for which `note` takes its notes.
    fn lines(note: impl FnOnce(&mut Record)) -> Vec<Value> {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(lines.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let exchange = Arc::new(Exchange::default());
            exchange.begin_request();
            let peer = "127.0.0.1:9".parse().unwrap();
            let request = Request::post("/v1/chat/completions").body(()).unwrap();
            let mut record = Record::new(&request, peer, exchange);
            record.route = Some("/v1/chat/completions");
            record.status = Some(StatusCode::OK);
            note(&mut record);
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| line.parse().unwrap()).collect()
    }

    fn attempt(provider: &str, error: Option<&'static str>, status: Option<u16>) -> AttemptRecord {
        AttemptRecord {
            provider: provider.to_owned(),
            model: "m".to_owned(),
            key: 0,
            reason: "first".to_owned(),
            began: Duration::ZERO,
            duration: Duration::from_millis(1),
            first_byte: None,
            status,
            error,
            blame: None,
        }
    }

    fn settled(outcome: Outcome) -> Arc<RequestRecord> {
        Arc::new(RequestRecord {
            id: "1".to_owned(),
            began_at: UNIX_EPOCH,
            generation: 1,
            key: "k".to_owned(),
            project: None,
            operation: Operation::Chat,
            dialect: "anthropic",
            stream: false,
            asked_model: "smart\nforged line".to_owned(),
            route: Some("smart".to_owned()),
            provider: Some("openai".to_owned()),
            model: Some("m".to_owned()),
            status: 200,
            outcome,
            error: None,
            usage: Usage {
                input_tokens: Some(3),
                cache_read_tokens: Some(4),
                output_tokens: Some(5),
                ..Usage::default()
            },
            cost_nano_usd: Some(12),
            duration: Duration::from_millis(9),
            first_byte: Some(Duration::from_millis(6)),
            queued: Duration::from_millis(2),
            attempts: vec![
                attempt("ollama", Some("upstream_failed"), Some(500)),
                attempt("llama", Some("unreachable"), None),
                attempt("openai", None, Some(200)),
            ],
            traceparent: None,
        })
    }

    #[test]
    fn a_request_is_one_line_with_all_that_became_of_it() {
        let lines = lines(|record| {
            record.end = End::Complete;
            let caller = Caller { project: Some("apollo".to_owned()), ..Caller::admin() };
            record.log.note_caller(&Arc::new(caller));
            record.log.note_dropped("n, seed");
            record.log.settled(&settled(Outcome::Answered));
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        for (field, expected) in [
            ("level", json!("INFO")),
            ("message", json!("answered")),
            ("http.status", json!(200)),
            ("http.route", json!("/v1/chat/completions")),
            ("key", json!("admin")),
            ("project", json!("apollo")),
            ("operation", json!("chat")),
            ("dialect", json!("anthropic")),
            ("asked_model", json!("smart\nforged line")),
            ("route", json!("smart")),
            ("provider", json!("openai")),
            ("model", json!("m")),
            ("outcome", json!("answered")),
            ("attempts", json!(3)),
            ("failed_attempts", json!("ollama/m upstream_failed 500, llama/m unreachable")),
            ("input_tokens", json!(7)),
            ("output_tokens", json!(5)),
            ("cost_nano_usd", json!(12)),
            ("first_byte_ms", json!(6.0)),
            ("queued_ms", json!(2.0)),
            ("dropped", json!("n, seed")),
        ] {
            assert_eq!(line.get(field), Some(&expected), "{field} of {line}");
        }
    }

    #[test]
    fn a_providers_failure_is_a_warning_and_still_one_line() {
        for outcome in [Outcome::Failed, Outcome::BrokenOff] {
            let lines = lines(|record| {
                record.log.note_source("connection refused");
                let mut settled = RequestRecord::clone(&settled(outcome));
                settled.error = Some("unreachable");
                record.log.settled(&Arc::new(settled));
            });
            let [line] = &lines[..] else { panic!("{lines:?}") };
            assert_eq!(line["level"], "WARN");
            assert_eq!(line["error.kind"], "unreachable");
            assert_eq!(line["error.source"], "connection refused");
            assert_eq!(line["message"], "cut off before the end of the answer");
        }
    }

    #[test]
    fn a_call_that_is_no_inference_has_no_such_fields() {
        let lines = lines(|record| {
            record.end = End::Complete;
            record.log.note_caller(&Arc::new(Caller::nobody()));
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        for field in ["key", "provider", "outcome", "attempts", "error.kind", "dropped"] {
            assert_eq!(line.get(field), None, "{field} of {line}");
        }
    }

    #[test]
    fn what_others_chose_is_cut() {
        let lines = lines(|record| {
            record.log.note_source("é".repeat(100_000));
            let mut settled = RequestRecord::clone(&settled(Outcome::Failed));
            settled.asked_model = "é".repeat(100_000);
            record.log.settled(&Arc::new(settled));
        });
        assert!(lines[0].to_string().len() < 3000, "{}", lines[0]);
    }
}
