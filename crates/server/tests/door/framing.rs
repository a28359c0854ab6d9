//! What two readers could divide differently is refused, and is the connection's last word.

use crate::rig::{KEY, Rig};

/// Sends bytes that must be refused before any handler sees them.
async fn check(bytes: &str, statuses: &[u16]) {
    let rig = Rig::open().await;
    let text = bytes.replace("HOST", &rig.address.to_string()).replace("KEY", KEY);
    let mut client = rig.connect().await;
    client.send(&text).await;
    let answer = client.answer().await.unwrap_or_else(|| panic!("no answer to {text:?}"));
    assert!(statuses.contains(&answer.status), "{} {} to {text:?}", answer.status, answer.detail());
    assert!(!answer.detail().is_empty());
    assert!(answer.header("x-request-id").is_some());
    assert_eq!(answer.header("connection"), Some("close"), "{text:?}");
    assert_eq!(client.rest().await, b"", "something followed the refusal of {text:?}");
    assert_eq!(rig.calls(), Vec::<String>::new(), "{text:?}");
}

#[tokio::test]
async fn ambiguous_heads_are_refused() {
    let good = "host: HOST\r\nx-api-key: KEY\r\n";
    for lines in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
        "content-length: 3\r\ncontent-length: 3\r\n\r\nabc",
        "content-length: 3\r\ncontent-length: 4\r\n\r\nabc",
        "content-length: 3, 3\r\n\r\nabc",
        "content-length: +3\r\n\r\nabc",
        "transfer-encoding: identity\r\n\r\n",
        "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding:\u{b}chunked\r\n\r\n0\r\n\r\n",
        "a : b\r\n\r\n",
        "a: b\r\n c\r\n\r\n",
        "a: b\rc\r\n\r\n",
        "a: b\0c\r\n\r\n",
        "a: b\nc: d\r\n\r\n",
        "a: b\n\n",
    ] {
        check(&format!("POST /echo HTTP/1.1\r\n{good}{lines}"), &[400]).await;
        check(&format!("POST /open HTTP/1.1\r\n{good}{lines}"), &[400]).await;
    }
    check("POST /echo HTTP/1.0\r\nhost: HOST\r\ntransfer-encoding: chunked\r\n\r\n", &[400]).await;
    check("GET /open HTTP/1.1\nhost: HOST\n\n", &[400]).await;
    check("\r\nGET /open HTTP/1.1\r\nhost: HOST\r\n\r\n", &[400]).await;
}

#[tokio::test]
async fn other_protocols_and_targets_are_refused() {
    for line in [
        "CONNECT evil:443 HTTP/1.1",
        "CONNECT HOST HTTP/1.1",
        "GET evil:443 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "REFUSED * HTTP/1.1",
        "GET /open",
        "GET /open HTTP/0.9",
        "GET /open HTTP/2.0",
        "PRI * HTTP/2.0",
        "GET /open#a HTTP/1.1",
        "GET /op\u{e9}n HTTP/1.1",
    ] {
        check(&format!("{line}\r\nhost: HOST\r\n\r\n"), &[400]).await;
    }
    check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", &[400]).await;
    check("\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\n", &[400]).await;
    check("HELO mail.example\r\n\r\n", &[400]).await;
}

#[tokio::test]
async fn large_heads_are_refused() {
    let good = "GET /things HTTP/1.1\r\nhost: HOST\r\nx-api-key: KEY\r\n";
    check(&format!("{good}{}\r\n", "a: b\r\n".repeat(99)), &[431]).await;
    for length in [65_536, 400_000, 500_000] {
        check(&format!("{good}a: {}\r\n\r\n", "x".repeat(length)), &[431]).await;
    }
    check(&format!("GET /{} HTTP/1.1\r\nhost: HOST\r\n\r\n", "x".repeat(500_000)), &[431]).await;
}

#[tokio::test]
async fn a_hundred_headers_are_served() {
    let rig = Rig::open().await;
    let answer = rig.ask(rig.head("GET /things") + &"a: b\r\n".repeat(98) + "\r\n").await;
    assert_eq!(answer.status, 200);
    let padding = format!("a: {}\r\n\r\n", "x".repeat(65_000));
    assert_eq!(rig.ask(rig.head("GET /things") + &padding).await.status, 200);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    let requests = ["/things", "/things/special", "/things/a%20b"]
        .map(|path| rig.head(&format!("GET {path}")) + "\r\n");
    let upload = rig.head("POST /echo") + "content-length: 2\r\n\r\nhi";
    client.send(requests.concat() + &upload).await;
    for expected in ["things", "the literal", "a b"] {
        assert_eq!(client.answer().await.unwrap().json()["ok"], expected);
    }
    assert_eq!(client.answer().await.unwrap().body, b"hi");
}

#[tokio::test]
async fn a_refused_request_is_answered_after_those_before_it() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    let slow = rig.head("GET /gated") + "\r\n";
    let refused = rig.head("POST /echo") + "content-length: 1\r\ncontent-length: 1\r\n\r\na";
    let never = rig.head("GET /things") + "\r\n";
    client.send(slow + &refused + &never).await;
    rig.entered.notified().await;
    rig.gate.notify_one();
    assert_eq!(client.answer().await.unwrap().json()["ok"], "through the gate");
    assert_eq!(client.answer().await.unwrap().detail(), "send Content-Length once");
    assert_eq!(client.rest().await, b"");
    assert_eq!(rig.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn what_looks_like_a_request_in_a_body_is_none() {
    let rig = Rig::open().await;
    let hidden = rig.head("GET /things") + "\r\n";
    let length = format!("content-length: {}\r\n\r\n", hidden.len());
    for path in ["POST /echo", "GET /things/a", "POST /deaf", "DELETE /things/a", "POST /nowhere"] {
        let answer = rig.ask(rig.head(path) + &length + &hidden).await;
        assert!(matches!(answer.status, 200 | 404), "{path}");
    }
    assert!(!rig.calls().contains(&"GET /things".to_owned()));
}

#[tokio::test]
async fn an_upgrade_is_not_offered() {
    let rig = Rig::open().await;
    for upgrade in ["websocket", "h2c"] {
        let headers = format!("connection: upgrade, http2-settings\r\nupgrade: {upgrade}\r\n\r\n");
        assert_eq!(rig.ask(rig.head("GET /things") + &headers).await.status, 200);
    }
}
