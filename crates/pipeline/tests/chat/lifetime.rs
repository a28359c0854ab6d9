//! A request keeps the provider that it began with, and counts against its window.

use std::time::Duration;

use canonical::{ErrorKind, Event};
use serde_json::json;
use testkit::scripted::{Answer, Body, ScriptedProvider};

use crate::support::{ANSWERS, Gateway, call, drain, sse};

/// A stream that goes on after a while.
fn slow_stream() -> Answer {
    let mut answer = sse([]);
    let pieces = [
        r#"{"choices":[{"index":0,"delta":{"content":"hello"}}]}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        "[DONE]",
    ];
    let pieces = pieces.map(|data| (Duration::from_millis(30), format!("data: {data}\n\n").into()));
    answer.body = Body::Chunks(pieces.to_vec());
    answer
}

#[tokio::test]
async fn a_removed_provider_finishes_its_running_requests() {
    let scripted = ScriptedProvider::queue([
        slow_stream(),
        Answer::json(200, ANSWERS[0].1).after(Duration::from_millis(50)),
    ]);
    let gateway = Gateway::to(&scripted, "openai").await;
    let (_, mut events) = gateway.stream(call()).await.unwrap();
    let removed = async {
        scripted.wait_for_calls(2).await;
        gateway.manager.remove("p".to_owned()).await.unwrap();
    };
    let (whole, ()) = tokio::join!(gateway.chat(call()), removed);
    assert_eq!(whole.unwrap().1.text(), "hi");
    assert_eq!(drain(&mut events).await.last(), Some(&Event::Stop));
    let mut call = call();
    call.provider = Some("p".to_owned());
    assert_eq!(gateway.chat(call).await.unwrap_err().fault.public, "Provider not found: p");
}

#[tokio::test]
async fn a_changed_provider_finishes_its_running_requests_where_they_began() {
    let old = ScriptedProvider::always(slow_stream());
    let new = ScriptedProvider::always(Answer::json(200, ANSWERS[0].1));
    let gateway = Gateway::to(&old, "openai").await;
    let (_, mut events) = gateway.stream(call()).await.unwrap();
    gateway.change(json!({ "base_url": new.url(), "api_key": "sk-new" })).await;
    gateway.chat(call()).await.unwrap();
    assert_eq!(drain(&mut events).await.last(), Some(&Event::Stop));
    assert_eq!((old.calls(), new.calls()), (1, 1));
    assert_eq!(new.requests()[0].header("authorization"), Some("Bearer sk-new"));
    // The pool of the old one went with its last request.
    drop(events);
    let closed = old.wait_for_disconnects(1);
    tokio::time::timeout(Duration::from_secs(20), closed).await.unwrap();
}

#[tokio::test]
async fn one_chat_after_another_shares_a_connection() {
    let scripted = ScriptedProvider::always(Answer::json(200, ANSWERS[0].1));
    let gateway = Gateway::to(&scripted, "openai").await;
    for _ in 0..5 {
        gateway.chat(call()).await.unwrap();
    }
    assert_eq!((scripted.calls(), scripted.connections()), (5, 1));
}

#[tokio::test]
async fn chats_count_against_the_rate_limit_however_they_end() {
    let scripted = ScriptedProvider::queue([
        Answer::json(200, ANSWERS[0].1),
        Answer::json(500, "{}"),
        slow_stream(),
    ]);
    let gateway = Gateway::to(&scripted, "openai").await;
    gateway.change(json!({ "rate_limit": 3 })).await;
    let mut without_model = call();
    without_model.request.model.clear();
    assert!(gateway.chat(without_model).await.is_err());
    gateway.chat(call()).await.unwrap();
    gateway.chat(call()).await.unwrap_err();
    gateway.stream(call()).await.unwrap();
    let whole = gateway.chat(call()).await.unwrap_err();
    let streamed = gateway.stream(call()).await.err().unwrap();
    for refusal in [whole, streamed] {
        assert_eq!(refusal.fault.kind, ErrorKind::RateLimited);
        assert_eq!(refusal.fault.upstream_status, None);
        let wait = refusal.fault.retry_after.unwrap();
        assert!((Duration::from_secs(30)..=Duration::from_secs(60)).contains(&wait), "{wait:?}");
        assert_eq!(refusal.about.unwrap().provider.as_str(), "p");
    }
    assert_eq!(scripted.calls(), 3);
}
