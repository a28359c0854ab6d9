//! Who is to blame when time runs out: the provider for its own limits, nobody for a caller who waits less long.

use std::time::{Duration, Instant};

use canonical::{ErrorKind, Event, Origin};
use pipeline::ChatCall;
use routing::BreakerState;
use serde_json::json;
use testkit::scripted::{Answer, End, ScriptedProvider};
use tokio::time::timeout;

use crate::support::{Gateway, call, drain, sse};

const SHORT: Duration = Duration::from_millis(30);

/// More failures than open a breaker.
const MANY: usize = 8;

/// A call whose caller waits for a moment.
fn hasty() -> ChatCall {
    let mut call = call();
    call.context.timeout = SHORT;
    call
}

fn breaker(gateway: &Gateway) -> BreakerState {
    gateway.provider().model_state("m").breaker(Instant::now())
}

#[tokio::test]
async fn a_caller_who_waits_less_long_than_the_provider_may_take_opens_no_breaker() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let gateway = Gateway::to(&scripted, "openai").await;
    for _ in 0..MANY {
        let whole = gateway.chat(hasty()).await.unwrap_err().fault;
        let streamed = gateway.stream(hasty()).await.map(drop).unwrap_err().fault;
        for fault in [whole, streamed] {
            assert_eq!((fault.kind, fault.origin), (ErrorKind::Timeout, Origin::Downstream));
        }
    }
    assert_eq!(breaker(&gateway), BreakerState::Closed);

    gateway.change(json!({ "timeout": SHORT.as_secs_f64() })).await;
    for _ in 0..MANY {
        let fault = gateway.chat(call()).await.unwrap_err().fault;
        assert_eq!(fault.origin, Origin::Upstream, "{fault}");
    }
    assert_eq!(breaker(&gateway), BreakerState::Open, "its own timeout is the provider's to keep");
}

#[tokio::test]
async fn nor_does_one_who_leaves_in_the_middle_of_a_stream() {
    let began = sse([r#"{"choices":[{"index":0,"delta":{"content":"hi"}}]}"#]).ending(End::Hang);
    let scripted = ScriptedProvider::always(began);
    let gateway = Gateway::to(&scripted, "openai").await;
    for _ in 0..MANY {
        let mut call = hasty();
        call.context.timeout = SHORT * 10;
        let (_, mut events) = gateway.stream(call).await.unwrap();
        assert!(matches!(drain(&mut events).await.last(), Some(Event::Failed(_))));
    }
    assert_eq!(breaker(&gateway), BreakerState::Closed);
}

#[tokio::test]
async fn a_caller_waits_in_a_line_for_no_longer_than_it_says() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let gateway = Gateway::to(&scripted, "openai").await;
    gateway.change(json!({ "limits": { "concurrency": 1 } })).await;
    let provider = gateway.provider();
    let _the_only_turn = provider.turn("another").await.unwrap();
    let refused = timeout(Duration::from_secs(10), gateway.chat(hasty())).await;
    let fault = refused.expect("the line is left").unwrap_err().fault;
    assert_eq!((fault.kind, fault.origin), (ErrorKind::Timeout, Origin::Downstream));
    assert_eq!((scripted.calls(), provider.waiting()), (0, 0));
}
