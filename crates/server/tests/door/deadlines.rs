//! No connection outlives its limit.
//!
//! The clock is paused: it jumps to the next deadline whenever nothing else can happen, so these
//! tests wait for the default limits and take no time.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep};

use server::{Drained, Limits};

use crate::rig::{Plan, Rig};

/// Runs to the end of the connection and says after how many seconds that was.
async fn check(rig: &Rig, bytes: &str, seconds: u64, status: Option<u16>) {
    let began = Instant::now();
    let mut client = rig.connect().await;
    client.send(bytes).await;
    let answer = client.answer().await;
    assert_eq!(answer.as_ref().map(|answer| answer.status), status, "{bytes:?}");
    client.rest().await;
    let linger = Limits::default().linger.as_secs();
    let lasted = began.elapsed().as_secs();
    assert!((seconds..=seconds + linger).contains(&lasted), "{lasted} s for {bytes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_hung_up_on() {
    let rig = Rig::open().await;
    check(&rig, "", 10, None).await;
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_waited_for_ten_seconds() {
    let rig = Rig::open().await;
    for half in [
        "G",
        "GET /things HTTP/1.1\r\n",
        "GET /things HTTP/1.1\r\nhost: x\r\n",
        "PRI * HTTP/2.0\r\n",
    ] {
        check(&rig, half, 10, Some(408)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_trickled_head_gains_no_time() {
    let rig = Rig::open().await;
    let began = Instant::now();
    let mut client = rig.connect().await;
    for byte in rig.head("GET /things").bytes().take(30) {
        client.send([byte]).await;
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(client.answer().await.unwrap().status, 408);
    client.rest().await;
    assert!(began.elapsed() < Duration::from_secs(32));
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_for_75_seconds() {
    let rig = Rig::open().await;
    check(&rig, &(rig.head("GET /things") + "\r\n"), 75, Some(200)).await;

    let mut client = rig.connect().await;
    for _ in 0..3 {
        client.send(rig.head("GET /things") + "\r\n").await;
        assert_eq!(client.answer().await.unwrap().status, 200);
        sleep(Duration::from_secs(74)).await;
    }
    let began = Instant::now();
    client.rest().await;
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn half_a_head_after_an_answer_is_not_idleness() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    client.send(rig.head("GET /things") + "\r\nGET").await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    let began = Instant::now();
    assert_eq!(client.answer().await.unwrap().status, 408);
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_slow_handler_is_not_a_slow_client() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    client.send(rig.head("GET /gated") + "\r\nGET /half").await;
    rig.entered.notified().await;
    sleep(Duration::from_secs(3600)).await;
    rig.gate.notify_one();
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert_eq!(client.answer().await.unwrap().status, 408);
}

#[tokio::test(start_paused = true)]
async fn half_a_body_is_waited_for_thirty_seconds() {
    let rig = Rig::open().await;
    let head = rig.head("POST /echo");
    check(&rig, &format!("{head}content-length: 5\r\n\r\nabc"), 30, Some(408)).await;
    check(&rig, &format!("{head}content-length: 5\r\n\r\n"), 30, Some(408)).await;
    check(&rig, &format!("{head}transfer-encoding: chunked\r\n\r\n3\r\nab"), 30, Some(408)).await;
    check(&rig, &format!("{head}transfer-encoding: chunked\r\n\r\n3"), 30, Some(408)).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_reads_is_not_waited_for() {
    let rig = Rig::open().await;
    let body = "content-length: 5\r\n\r\nabc";
    check(&rig, &(rig.head("POST /deaf") + body), 0, Some(200)).await;
    check(&rig, &(rig.head("POST /nowhere") + body), 0, Some(404)).await;
}

#[tokio::test(start_paused = true)]
async fn a_trickled_body_is_too_slow() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    client.send(rig.head("POST /echo") + "content-length: 900\r\n\r\n").await;
    let began = Instant::now();
    for _ in 0..40 {
        client.send("x").await;
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(client.answer().await.unwrap().status, 408);
    assert!(began.elapsed() < Duration::from_secs(42));
}

#[tokio::test(start_paused = true)]
async fn a_slow_but_steady_body_is_taken() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    client.send(rig.head("POST /echo") + "content-length: 900\r\n\r\n").await;
    for _ in 0..45 {
        client.send([b'x'; 20]).await;
        sleep(Duration::from_millis(800)).await;
    }
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_answer_is_hung_up_on() {
    let limits = Limits { drain: Duration::from_secs(200), ..Limits::default() };
    let rig = Rig::with(Plan { limits, ..Plan::default() }).await;
    let mut client = rig.connect().await;
    client.send(rig.head("GET /large") + "\r\n").await;
    client.stream.read_u8().await.unwrap();
    rig.begin_stop();
    assert_eq!(rig.stopped().await, Drained::Complete);
}
