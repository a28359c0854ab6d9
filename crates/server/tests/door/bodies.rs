//! Bodies: taken whole or refused with a reason, and sent whole or visibly broken off.

use tokio::io::AsyncWriteExt;

use crate::rig::{Answer, Rig};

async fn echo(rig: &Rig, rest: &str) -> Answer {
    rig.ask(rig.head("POST /echo") + rest).await
}

#[tokio::test]
async fn bodies_arrive_whole() {
    let rig = Rig::open().await;
    assert_eq!(echo(&rig, "content-length: 3\r\n\r\nabc").await.body, b"abc");
    assert_eq!(echo(&rig, "\r\n").await.body, b"");
    let chunked = "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0002\r\nde\r\n0\r\n\r\n";
    assert_eq!(echo(&rig, chunked).await.body, b"abcde");
}

#[tokio::test]
async fn malformed_chunks_are_refused() {
    let rig = Rig::open().await;
    for (chunks, sentence) in [
        ("3\nabc\n0\n\n", "a chunk must be"),
        ("3\r\nabc\n0\r\n\r\n", "a chunk must be"),
        ("3\r\nabcd\r\n0\r\n\r\n", "a chunk must be"),
        ("zz\r\n", "a chunk must be"),
        ("11111111111111111\r\n", "a chunk must be"),
        ("3;a=b\r\nabc\r\n0\r\n\r\n", "chunk extensions"),
        (&format!("3;{}\r\nabc\r\n0\r\n\r\n", "x".repeat(20_000)), "chunk extensions"),
        ("3\r\nabc\r\n0\r\na: b\r\n\r\n", "trailers"),
    ] {
        let mut client = rig.connect().await;
        let head = rig.head("POST /echo") + "transfer-encoding: chunked\r\n\r\n";
        client.send(head + chunks + &rig.head("GET /things") + "\r\n").await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 400, "{chunks:?}");
        assert!(answer.detail().contains(sentence), "{:?} to {chunks:?}", answer.detail());
        assert_eq!(client.rest().await, b"", "{chunks:?}");
    }
    assert!(rig.calls().iter().all(|call| call == "POST /echo"));
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let rig = Rig::open().await;
    let announced = format!("content-length: 1001\r\n\r\n{}", "x".repeat(1001));
    let unannounced =
        format!("transfer-encoding: chunked\r\n\r\n3E9\r\n{}\r\n0\r\n\r\n", "x".repeat(1001));
    for body in [announced, unannounced] {
        assert_eq!(echo(&rig, &body).await.status, 413);
    }
    let just_fits = format!("content-length: 1000\r\n\r\n{}", "x".repeat(1000));
    assert_eq!(echo(&rig, &just_fits).await.status, 200);
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let rig = Rig::open().await;
    let length = 20_000_000;
    let announced = format!("content-length: {length}\r\n\r\n");
    for head in [
        rig.head("POST /echo") + &announced,
        rig.head("POST /deaf") + &announced,
        rig.head("POST /nowhere") + &announced,
        rig.head("POST /echo") + "transfer-encoding: chunked\r\n\r\nzz\r\n",
        rig.head("POST /echo") + "endless: ",
        "no request\r\n\r\n".to_owned(),
    ] {
        let mut client = rig.connect().await;
        client.send(&head).await;
        // Were the connection closed with bytes unread, a client elsewhere could lose the answer.
        let sent = client.stream.write_all(&vec![b'x'; length]).await;
        assert!(sent.is_ok(), "reset while sending after {head:?}");
        assert!(client.answer().await.is_some(), "{head:?}");
    }
}

#[tokio::test]
async fn a_client_may_ask_before_it_sends() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    let expect = "expect: 100-continue\r\ncontent-length: 3\r\n\r\n";
    client.send(rig.head("POST /echo") + expect).await;
    assert_eq!(client.answer().await.unwrap().status, 100);
    client.send("abc").await;
    assert_eq!(client.answer().await.unwrap().body, b"abc");

    let too_large = "expect: 100-continue\r\ncontent-length: 3000\r\n\r\n";
    assert_eq!(echo(&rig, too_large).await.status, 413);
}

#[tokio::test]
async fn a_broken_answer_never_looks_complete() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    client.send(rig.head("GET /breaks") + "\r\n").await;
    let bytes = String::from_utf8(client.rest().await).unwrap();
    assert!(bytes.contains("transfer-encoding: chunked"));
    assert!(bytes.ends_with("5\r\nfirst\r\n"), "{bytes:?}");
}

#[tokio::test]
async fn a_broken_answer_resets_a_connection_whose_end_is_the_answers() {
    let rig = Rig::open().await;
    for (path, reset) in [("GET /breaks", true), ("GET /things", false)] {
        let mut client = rig.connect().await;
        client.send(rig.head(path).replace("HTTP/1.1", "HTTP/1.0") + "\r\n").await;
        assert_eq!(client.is_reset().await, reset, "{path}");
    }
}
