//! Scripted collectors: one that takes everything, and ones that don't. None of them holds up a request.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue};
use records::Sink;
use testkit::scripted::{Answer, End, ScriptedProvider};
use tokio_util::sync::CancellationToken;
use upstream::{Egress, Network, parse_base_url};

use super::{
    queue::{BATCH_SPANS, MOST_SPANS},
    *,
};
use crate::sample;

const QUICK: Pace = Pace {
    batch: Duration::from_millis(5),
    first_wait: Duration::from_millis(5),
    longest_wait: Duration::from_millis(20),
    flush: LONG,
};

/// No test waits this long.
const LONG: Duration = Duration::from_secs(60);

fn collector(url: &str) -> Collector {
    let endpoint = parse_base_url(url, Network::Local).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer c4n4ry"));
    let egress = Arc::new(Egress::new());
    Collector::new(&endpoint, headers, "gateway".to_owned(), "1.2.3", egress)
}

fn traces() -> Traces {
    Traces { pace: QUICK, ..Traces::new() }
}

/// Traces that are given up soon after the end.
fn hasty() -> Traces {
    Traces { pace: Pace { flush: Duration::from_millis(50), ..QUICK }, ..Traces::new() }
}

/// Exports to `collector` while `meanwhile` runs, then stops, and says how long the end took.
async fn run(
    traces: &Traces,
    collector: &Collector,
    meanwhile: impl Future<Output = ()>,
) -> Duration {
    let stop = CancellationToken::new();
    let stopped = async {
        meanwhile.await;
        stop.cancel();
        Instant::now()
    };
    let ((), stopped) = tokio::join!(traces.export(collector, &stop), stopped);
    stopped.elapsed()
}

/// Waits for a count that only goes up.
async fn until(reached: impl Fn() -> bool) {
    while !reached() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_collector_gets_each_span_once() {
    let provider = ScriptedProvider::always(Answer::json(200, "{}"));
    let traces = traces();
    run(&traces, &collector(&format!("{}/otlp/", provider.url())), async {
        traces.settled(&sample::settled());
        provider.wait_for_calls(1).await;
        traces.settled(&sample::settled());
    })
    .await;
    assert_eq!(provider.calls(), 2, "the second went out at the end");
    let request = provider.requests().remove(0);
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/otlp/v1/traces"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), Some("Bearer c4n4ry"));
    let body = request.json();
    let resource = body.pointer("/resourceSpans/0/resource/attributes/0").unwrap();
    assert_eq!(resource.pointer("/value/stringValue").unwrap(), "gateway");
    let spans = body.pointer("/resourceSpans/0/scopeSpans/0/spans").unwrap();
    assert_eq!(spans.as_array().unwrap().len(), 3);
    assert_eq!(traces.dropped(), 0);
}

#[tokio::test]
async fn a_full_batch_does_not_wait() {
    let provider = ScriptedProvider::always(Answer::json(200, "{}"));
    let traces = Traces { pace: Pace { batch: LONG, ..QUICK }, ..Traces::new() };
    run(&traces, &collector(&provider.url()), async {
        for _ in 0..BATCH_SPANS.div_ceil(3) {
            traces.settled(&sample::settled());
        }
        provider.wait_for_calls(1).await;
    })
    .await;
    assert_eq!(traces.dropped(), 0);
}

#[tokio::test]
async fn a_hanging_collector_holds_up_nothing() {
    let provider = ScriptedProvider::always(Answer::silence());
    let traces = hasty();
    let mut settling = Duration::ZERO;
    let ending = run(&traces, &collector(&provider.url()), async {
        traces.settled(&sample::settled());
        provider.wait_for_calls(1).await;
        let record = sample::settled();
        let before = Instant::now();
        for _ in 0..100_000 {
            traces.settled(&record);
        }
        settling = before.elapsed();
    })
    .await;
    assert!(settling < LONG / 60, "100,000 requests took {settling:?}");
    assert!(ending < LONG / 4, "the end took {ending:?}");
    assert_eq!(traces.dropped(), 100_001 * 3, "nothing was taken, and all of it is counted");
}

#[tokio::test]
async fn what_waits_for_a_hanging_collector_is_bounded() {
    let provider = ScriptedProvider::always(Answer::silence());
    let traces = hasty();
    run(&traces, &collector(&provider.url()), async {
        traces.settled(&sample::settled());
        provider.wait_for_calls(1).await;
        for _ in 0..100_000 {
            traces.settled(&sample::settled());
        }
        let kept = (MOST_SPANS / 3) as u64;
        assert_eq!(traces.dropped(), (100_000 - kept) * 3);
    })
    .await;
}

#[tokio::test]
async fn a_collector_that_takes_too_long_is_given_up() {
    let provider = ScriptedProvider::always(Answer::silence());
    let traces = traces();
    let impatient = collector(&provider.url()).with_patience(Duration::from_millis(20));
    run(&traces, &impatient, async {
        traces.settled(&sample::settled());
        provider.wait_for_calls(MOST_TRIES as usize).await;
        until(|| traces.dropped() == 3).await;
    })
    .await;
    assert_eq!(provider.calls(), MOST_TRIES as usize);
}

#[tokio::test]
async fn what_fails_for_now_is_sent_again() {
    for failure in [
        Answer::json(503, "{}"),
        Answer::json(429, "{}").header("retry-after", "0"),
        Answer::json(502, "").ending(End::Reset),
    ] {
        let provider = ScriptedProvider::queue([
            failure.clone(),
            failure,
            Answer::json(200, r#"{"partialSuccess":{"rejectedSpans":"1"}}"#),
        ]);
        let traces = traces();
        run(&traces, &collector(&provider.url()), async {
            traces.settled(&sample::settled());
            provider.wait_for_calls(3).await;
            until(|| traces.dropped() == 1).await;
        })
        .await;
        assert_eq!(provider.calls(), 3);
        let bodies: Vec<_> = provider.requests().into_iter().map(|request| request.body).collect();
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "the same batch each time");
        assert_eq!(traces.dropped(), 1, "what the collector said that it rejected");
    }
}

#[tokio::test]
async fn what_fails_for_good_is_sent_once() {
    for status in [400, 401, 404, 500] {
        let provider =
            ScriptedProvider::queue([Answer::json(status, "{}"), Answer::json(200, "{}")]);
        let traces = traces();
        run(&traces, &collector(&provider.url()), async {
            traces.settled(&sample::settled());
            until(|| traces.dropped() == 3).await;
            traces.settled(&sample::settled());
            provider.wait_for_calls(2).await;
        })
        .await;
        assert_eq!((provider.calls(), traces.dropped()), (2, 3), "{status}");
    }
}

#[tokio::test]
async fn nobody_there_is_no_more_than_a_count() {
    let gone = ScriptedProvider::always(Answer::json(200, "{}"));
    let url = gone.url();
    drop(gone);
    let traces = traces();
    run(&traces, &collector(&url), async {
        traces.settled(&sample::settled());
        until(|| traces.dropped() == 3).await;
    })
    .await;
}

#[tokio::test]
async fn a_trace_that_the_caller_does_not_record_is_not_exported() {
    let provider = ScriptedProvider::always(Answer::json(200, "{}"));
    let traces = traces();
    let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00".to_owned();
    let record = RequestRecord { traceparent: Some(unsampled), ..sample::record() };
    run(&traces, &collector(&provider.url()), async { traces.settled(&Arc::new(record)) }).await;
    assert_eq!((provider.calls(), traces.dropped()), (0, 0));
}

#[test]
fn debug_shows_no_credentials() {
    let shown = format!("{:?}", collector("http://127.0.0.1:4318"));
    assert!(!shown.contains("c4n4ry"), "{shown}");
}
