//! What is counted, under which names, and that nobody can make it grow without end.

use std::{collections::BTreeSet, sync::Arc};

use records::{Operation, Outcome, RequestRecord, Sink};

use super::{bounded::MOST_SERIES, *};
use crate::sample;

fn metrics() -> Metrics {
    Metrics::new("1.2.3", || Gauges {
        providers: vec![ProviderGauges {
            provider: "openai".to_owned(),
            in_flight: 7,
            waiting: 2,
            parked_keys: 1,
        }],
        models: vec![
            breaker("openai", "gpt-5", BreakerGauge::Closed),
            breaker("ollama", "asked for once", BreakerGauge::HalfOpen),
            breaker("ollama", "and another", BreakerGauge::Open),
        ],
        config_generation: 4,
        records_dropped: 5,
        spans_dropped: 6,
        log_lines_dropped: 8,
    })
}

fn breaker(provider: &str, model: &str, breaker: BreakerGauge) -> ModelGauges {
    ModelGauges { provider: provider.to_owned(), model: model.to_owned(), breaker }
}

fn text(metrics: &Metrics) -> String {
    metrics.text(Exposition::Prometheus).unwrap()
}

#[track_caller]
fn check(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|known| known == *line), "{line} is not in\n{text}");
    }
}

fn series(text: &str) -> usize {
    text.lines().filter(|line| !line.starts_with('#')).count()
}

#[test]
fn a_settled_request_is_counted_once_everywhere() {
    let metrics = metrics();
    metrics.settled(&sample::settled());
    check(
        &text(&metrics),
        &[
            "# TYPE closedpaw_requests_total counter",
            r#"closedpaw_requests_total{operation="chat",dialect="openai_chat",provider="openai",model="gpt-5",outcome="answered"} 1"#,
            "# TYPE closedpaw_request_duration_seconds histogram",
            r#"closedpaw_request_duration_seconds_sum{operation="chat",provider="openai"} 2.0"#,
            r#"closedpaw_request_duration_seconds_bucket{le="1.0",operation="chat",provider="openai"} 0"#,
            r#"closedpaw_request_duration_seconds_bucket{le="2.5",operation="chat",provider="openai"} 1"#,
            r#"closedpaw_request_duration_seconds_bucket{le="+Inf",operation="chat",provider="openai"} 1"#,
            r#"closedpaw_first_byte_seconds_sum{operation="chat",provider="openai"} 0.3"#,
            r#"closedpaw_queue_seconds_sum{operation="chat",provider="openai"} 0.004"#,
            r#"closedpaw_attempts_total{provider="ollama",error="upstream_failed"} 1"#,
            r#"closedpaw_attempts_total{provider="openai",error="none"} 1"#,
            "closedpaw_retries_total 1",
            r#"closedpaw_tokens_total{provider="openai",model="gpt-5",type="input"} 100"#,
            r#"closedpaw_tokens_total{provider="openai",model="gpt-5",type="cache_read"} 20"#,
            r#"closedpaw_tokens_total{provider="openai",model="gpt-5",type="output"} 30"#,
            r#"closedpaw_tokens_total{provider="openai",model="gpt-5",type="reasoning"} 10"#,
            r#"closedpaw_cost_usd_total{provider="openai",model="gpt-5"} 0.0015"#,
        ],
    );
    let text = text(&metrics);
    assert!(!text.contains("cache_write"), "what was not said is not counted as nothing");
    assert!(!text.contains("closedpaw_refusals_total{"), "it was not refused");
    assert!(!text.contains("smart") && !text.contains("k3y"), "what callers say is no label");
}

fn refused() -> Arc<RequestRecord> {
    Arc::new(RequestRecord {
        operation: Operation::Embeddings,
        outcome: Outcome::Refused,
        error: Some("rate_limited"),
        provider: None,
        model: None,
        first_byte: None,
        cost_nano_usd: None,
        usage: Usage::default(),
        attempts: Vec::new(),
        ..sample::record()
    })
}

#[test]
fn a_refusal_names_its_error_and_no_model() {
    let metrics = metrics();
    metrics.settled(&refused());
    let text = text(&metrics);
    check(
        &text,
        &[
            r#"closedpaw_refusals_total{error="rate_limited"} 1"#,
            r#"closedpaw_requests_total{operation="embeddings",dialect="openai_chat",provider="",model="",outcome="refused"} 1"#,
            "closedpaw_retries_total 0",
        ],
    );
    assert!(!text.contains("closedpaw_queue_seconds_count{"), "it never waited for a provider");
}

#[test]
fn gauges_are_read_at_the_scrape() {
    let metrics = metrics();
    metrics.settled(&sample::settled());
    check(
        &text(&metrics),
        &[
            r#"closedpaw_build_info{version="1.2.3"} 1"#,
            "# TYPE closedpaw_requests_in_flight gauge",
            r#"closedpaw_requests_in_flight{provider="openai"} 7"#,
            r#"closedpaw_requests_waiting{provider="openai"} 2"#,
            r#"closedpaw_keys_parked{provider="openai"} 1"#,
            r#"closedpaw_breaker_state{provider="openai",model="gpt-5"} 0"#,
            // Models that never answered share one series, which shows the worst of them.
            r#"closedpaw_breaker_state{provider="ollama",model="other"} 2"#,
            "closedpaw_config_generation 4",
            "closedpaw_records_dropped_total 5",
            "closedpaw_spans_dropped_total 6",
            "closedpaw_log_lines_dropped_total 8",
        ],
    );
}

/// Each metric of the text: its name, its type and the labels of its series.
fn described(text: &str) -> Vec<(String, String, BTreeSet<String>)> {
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let described = kinds.map(|(name, kind)| {
        let series = text.lines().filter(|line| line.starts_with(name));
        let labels = series.filter_map(|line| line.split_once('{')?.1.split_once('}'));
        let labels = labels.flat_map(|(labels, _)| labels.split(','));
        let names = labels.filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
        (name.to_owned(), kind.to_owned(), names.filter(|name| name != "le").collect())
    });
    described.collect()
}

#[test]
#[cfg(target_os = "linux")]
fn the_document_on_operations_lists_every_metric() {
    let document = include_str!("../../../../docs/operations.md");
    let metrics = metrics();
    metrics.settled(&sample::settled());
    metrics.settled(&refused());
    let mut listed = Vec::new();
    for row in document.lines().filter_map(|line| line.strip_prefix("| `")) {
        let cells: Vec<&str> = row.split(" |").map(str::trim).collect();
        let [name, kind @ ("counter" | "gauge" | "histogram"), labels, ..] = cells[..] else {
            continue;
        };
        let labels = labels.split(['`', ' ']).filter(|label| !label.is_empty());
        let name = name.trim_end_matches('`').to_owned();
        listed.push((name, kind.to_owned(), labels.map(str::to_owned).collect()));
    }
    listed.sort();
    let mut described = described(&text(&metrics));
    described.sort();
    assert_eq!(listed, described);
}

#[test]
#[cfg(target_os = "linux")]
fn the_process_tells_of_itself() {
    let text = text(&metrics());
    for name in [
        "process_cpu_seconds_total ",
        "process_start_time_seconds ",
        "process_resident_memory_bytes ",
        "process_virtual_memory_bytes ",
        "process_open_fds ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name} is not in\n{text}");
    }
}

#[test]
fn a_hundred_thousand_invented_names_make_no_series() {
    let metrics = metrics();
    metrics.settled(&sample::settled());
    let failed = RequestRecord {
        outcome: Outcome::Failed,
        error: Some("not_found"),
        model: Some("invented".to_owned()),
        ..sample::record()
    };
    metrics.settled(&Arc::new(failed.clone()));
    let before = series(&text(&metrics));
    for number in 0..100_000 {
        let invented = Some(format!("invented-{number}"));
        let asked_model = format!("invented-{number}");
        metrics.settled(&Arc::new(RequestRecord {
            model: invented,
            asked_model,
            ..failed.clone()
        }));
    }
    let text = text(&metrics);
    assert_eq!(series(&text), before);
    check(
        &text,
        &[
            r#"closedpaw_requests_total{operation="chat",dialect="openai_chat",provider="openai",model="other",outcome="failed"} 100001"#,
        ],
    );
}

#[test]
fn even_a_provider_that_answers_to_any_name_makes_no_more_than_the_bound() {
    let metrics = metrics();
    for number in 0..100_000 {
        let model = Some(format!("invented-{number}"));
        metrics.settled(&Arc::new(RequestRecord { model, ..sample::record() }));
    }
    let text = text(&metrics);
    for metric in ["closedpaw_requests_total", "closedpaw_tokens_total", "closedpaw_cost_usd_total"]
    {
        let series = text.lines().filter(|line| line.starts_with(metric)).count();
        assert!((500..=MOST_SERIES + 8).contains(&series), "{metric} has {series} series");
    }
    let output = text.lines().filter(|line| line.contains(r#"type="output"} "#));
    let tokens = output.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    assert_eq!(tokens.sum::<u64>(), 100_000 * 30, "the rest is counted under another name");
}

#[test]
fn openmetrics_ends_as_it_must() {
    let text = metrics().text(Exposition::OpenMetrics).unwrap();
    assert!(text.ends_with("# EOF\n"));
    check(&text, &["# TYPE closedpaw_retries counter", "closedpaw_retries_total 0"]);
}

#[test]
fn a_label_can_not_break_out_of_its_line() {
    let metrics = metrics();
    let model = Some("a\"} 1\nevil{x=\"\\".to_owned());
    metrics.settled(&Arc::new(RequestRecord { model, ..sample::record() }));
    let text = text(&metrics);
    assert!(!text.lines().any(|line| line.starts_with("evil")), "{text}");
    assert!(text.contains(r#"model="a\"} 1\nevil{x=\"\\""#), "{text}");
}
