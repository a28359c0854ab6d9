//! Stopping: answers in progress come to their end, and nothing else begins.

use std::time::Duration;

use server::{Drained, Limits, Listen, Settings};
use tokio::time::Instant;

use crate::rig::{Plan, Rig};

#[tokio::test]
async fn an_answer_in_progress_comes_to_its_end() {
    let rig = Rig::open().await;
    let (mut busy, mut idle, mut silent) =
        (rig.connect().await, rig.connect().await, rig.connect().await);
    idle.send(rig.head("GET /things") + "\r\n").await;
    idle.answer().await.unwrap();
    busy.send(rig.head("GET /gated") + "\r\n").await;
    rig.entered.notified().await;

    rig.begin_stop();
    assert_eq!(idle.rest().await, b"");
    assert_eq!(silent.rest().await, b"");
    rig.gate.notify_one();
    let answer = busy.answer().await.unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert_eq!(busy.rest().await, b"");
    assert_eq!(rig.stopped().await, Drained::Complete);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_is_cut_at_the_limit() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    client.send(rig.head("GET /gated") + "\r\n").await;
    rig.entered.notified().await;
    let began = Instant::now();
    rig.begin_stop();
    assert_eq!(client.rest().await, b"");
    assert_eq!(rig.stopped().await, Drained::Cut(1));
    assert_eq!(began.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_may_say_so_before_it_is_cut() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    client.send(rig.head("GET /gated") + "\r\n").await;
    rig.entered.notified().await;
    rig.begin_stop();
    rig.last_call.cancelled().await;
    rig.gate.notify_one();
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert_eq!(rig.stopped().await, Drained::Cut(1));
}

#[tokio::test(start_paused = true)]
async fn beyond_the_most_connections_the_next_one_waits() {
    let limits = Limits { connections: 1, ..Limits::default() };
    let rig = Rig::with(Plan { limits, ..Plan::default() }).await;
    let began = Instant::now();
    let _silent = rig.connect().await;
    let answer = rig.ask(rig.head("GET /things") + "\r\n").await;
    assert_eq!(answer.status, 200);
    assert!(began.elapsed() >= Duration::from_secs(10));
}

#[tokio::test]
async fn a_taken_address_is_an_error() {
    let rig = Rig::open().await;
    let listen = vec![Listen { address: rig.address, tls: None }];
    let settings = Settings { listen, ..Settings::default() };
    let error = server::Door::bind(settings).await.unwrap_err();
    assert!(error.to_string().contains(&rig.address.to_string()));
}
