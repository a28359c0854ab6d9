//! One attempt against a scripted provider: what is sent, what comes back, and every way it goes wrong.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use canonical::{ErrorKind, Fault, Retry};
use http::{HeaderMap, HeaderValue, Method};
use testkit::scripted::{Answer, End, ScriptedProvider};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use upstream::{Call, Client, Deadlines, Egress, Network, Reply, parse_base_url};

/// Long enough never to matter on a busy machine, short enough to fail a test that hangs.
const AMPLE: Duration = Duration::from_secs(20);

/// The limit that a test waits for.
const SHORT: Duration = Duration::from_millis(50);

const DEADLINES: Deadlines =
    Deadlines { connect: AMPLE, first_byte: AMPLE, idle: AMPLE, total: AMPLE };

fn client_to(provider: &ScriptedProvider) -> Client {
    client(&format!("{}/v1", provider.url()), Network::Local, Egress::new())
}

fn client(base_url: &str, network: Network, egress: Egress) -> Client {
    let base_url = parse_base_url(base_url, network).unwrap();
    Client::new(&base_url, network, Arc::new(egress))
}

fn call(deadlines: Deadlines) -> Call<'static> {
    let body = Bytes::from_static(b"{}");
    Call { method: Method::POST, target: "/chat?a=b", headers: HeaderMap::new(), body, deadlines }
}

async fn send(client: &Client) -> Result<Reply, Fault> {
    client.send(call(DEADLINES)).await
}

/// What becomes of `answer` when it is read to its end.
async fn outcome(answer: Answer, deadlines: Deadlines) -> Result<Bytes, Fault> {
    let provider = ScriptedProvider::always(answer);
    client_to(&provider).send(call(deadlines)).await?.body.collect(1024).await
}

#[track_caller]
fn check_fault<T>(result: Result<T, Fault>, kind: ErrorKind, words: &str) {
    let fault = result.err().expect("a fault");
    assert_eq!(fault.kind, kind, "{fault:?}");
    assert!(fault.public.contains(words), "{fault:?}");
}

#[tokio::test]
async fn sends_what_is_given_and_what_http_needs() {
    let provider = ScriptedProvider::always(Answer::json(200, "{}"));
    let mut given = call(DEADLINES);
    for (name, value) in [
        ("authorization", "Bearer k"),
        ("host", "evil.example"),
        ("content-length", "99"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("accept-encoding", "gzip"),
    ] {
        given.headers.insert(name, HeaderValue::from_static(value));
    }
    client_to(&provider).send(given).await.unwrap();
    let request = provider.requests().remove(0);
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v1/chat?a=b"));
    assert_eq!(request.body, b"{}");
    let mut headers = request.headers;
    headers.sort();
    let agent = concat!("closedpaw/", env!("CARGO_PKG_VERSION"));
    let host = provider.address().to_string();
    let expected = [
        ("accept-encoding", "identity"),
        ("authorization", "Bearer k"),
        ("content-length", "2"),
        ("host", &host),
        ("user-agent", agent),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_target_that_is_no_path_is_never_sent() {
    let provider = ScriptedProvider::always(Answer::json(200, "{}"));
    let target = "/models/../../admin";
    let sent = client_to(&provider).send(Call { target, ..call(DEADLINES) }).await;
    check_fault(sent, ErrorKind::InvalidRequest, "model name");
    assert_eq!(provider.connections(), 0);
}

#[tokio::test]
async fn the_answer_comes_back_whole() {
    let answer = Answer::stream("text/event-stream", ["data: 1\n\n", "data: 2\n\n"]);
    let provider = ScriptedProvider::always(answer);
    let mut reply = send(&client_to(&provider)).await.unwrap();
    assert_eq!(
        (reply.status, reply.headers["content-type"].as_bytes()),
        (200, &b"text/event-stream"[..])
    );
    let mut received = Vec::new();
    while let Some(chunk) = reply.body.chunk().await {
        received.extend(chunk.unwrap());
    }
    assert_eq!(received, b"data: 1\n\ndata: 2\n\n");
    assert!(reply.body.chunk().await.is_none());
}

#[tokio::test]
async fn one_connection_serves_one_request_after_another() {
    let provider = ScriptedProvider::always(Answer::json(200, "{}"));
    let client = client_to(&provider);
    for _ in 0..5 {
        send(&client).await.unwrap().body.collect(1024).await.unwrap();
    }
    assert_eq!((provider.calls(), provider.connections()), (5, 1));
}

/// What comes of a second request, by the connection that the first one leaves, and how often requests and
/// connections came in all.
async fn second_after_an_answer(
    answers: impl IntoIterator<Item = Answer>,
) -> (Result<Reply, Fault>, usize, usize) {
    let first = Answer::json(200, "{}");
    let provider = ScriptedProvider::queue(std::iter::once(first).chain(answers));
    let client = client_to(&provider);
    send(&client).await.unwrap().body.collect(1024).await.unwrap();
    let second = send(&client).await;
    (second, provider.calls(), provider.connections())
}

#[tokio::test]
async fn a_request_that_crosses_with_the_closing_of_a_kept_connection_is_sent_again() {
    for end in [End::Cut, End::Reset] {
        let closed = || Answer::raw("").ending(end);
        let (second, calls, connections) =
            second_after_an_answer([closed(), Answer::json(200, "{}")]).await;
        assert_eq!((second.unwrap().status, calls, connections), (200, 3, 2), "{end:?}");

        // Once, by a connection that nobody has used: whoever closes that one does not want the request.
        let (second, calls, connections) = second_after_an_answer([closed(), closed()]).await;
        check_fault(second, ErrorKind::UpstreamFailed, "closed the connection");
        assert_eq!((calls, connections), (3, 2), "{end:?}");

        // It was worked on.
        let late = closed().after(Duration::from_millis(1100));
        let (second, calls, _) = second_after_an_answer([late, Answer::json(200, "{}")]).await;
        check_fault(second, ErrorKind::UpstreamFailed, "closed the connection");
        assert_eq!(calls, 2, "{end:?}");

        // An answer had begun.
        let begun = Answer::raw("HTTP/1.1 200 O").ending(end);
        let (second, calls, _) = second_after_an_answer([begun, Answer::json(200, "{}")]).await;
        assert!(second.is_err());
        assert_eq!(calls, 2, "{end:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    let elsewhere = ScriptedProvider::always(Answer::json(200, "{}"));
    for status in [301, 302, 303, 307, 308] {
        let answer =
            Answer::new(status, "").header("location", elsewhere.url()).header("refresh", "0");
        let provider = ScriptedProvider::always(answer);
        let reply = send(&client_to(&provider)).await.unwrap();
        assert_eq!((reply.status, provider.calls()), (status, 1));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_connection_refused_is_said_to_be() {
    let provider = ScriptedProvider::always(Answer::silence());
    let client = client_to(&provider);
    drop(provider);
    check_fault(send(&client).await, ErrorKind::Unreachable, "refused the connection");
}

#[tokio::test]
async fn a_name_without_an_address_is_said_to_be() {
    let client = client("https://nowhere.invalid", Network::Public, Egress::new());
    check_fault(send(&client).await, ErrorKind::Unreachable, "has no address");
}

#[tokio::test]
async fn a_name_that_leads_inward_is_refused_without_connecting() {
    let provider = ScriptedProvider::always(Answer::json(200, "{}"));
    let base_url = format!("https://localhost:{}", provider.address().port());
    let refused = send(&client(&base_url, Network::Public, Egress::new())).await;
    assert_eq!(refused.as_ref().err().map(|fault| fault.retry), Some(Retry::NextCandidate));
    check_fault(refused, ErrorKind::Unreachable, "set network: local");
    assert_eq!(provider.connections(), 0);
}

#[tokio::test]
async fn our_own_listener_is_refused_without_connecting() {
    let provider = ScriptedProvider::always(Answer::json(200, "{}"));
    let port = provider.address().port();
    for listener in [provider.address(), ([0, 0, 0, 0], port).into()] {
        for host in ["127.0.0.1", "localhost"] {
            let egress = Egress::new();
            egress.set_listeners(vec![listener]);
            let client = client(&format!("http://{host}:{port}"), Network::Local, egress);
            check_fault(send(&client).await, ErrorKind::Unreachable, "back to this gateway");
        }
    }
    assert_eq!(provider.connections(), 0);
}

#[tokio::test]
async fn a_connect_that_hangs_meets_its_limit() {
    // Accepts the TCP connection and never speaks TLS.
    let provider = ScriptedProvider::always(Answer::silence());
    let base_url = format!("https://127.0.0.1:{}", provider.address().port());
    let client = client(&base_url, Network::Local, Egress::new());
    let sent = client.send(call(Deadlines { connect: SHORT, ..DEADLINES })).await;
    check_fault(sent, ErrorKind::Timeout, "accepted no connection within 50ms");
}

#[tokio::test]
async fn an_answer_that_never_begins_meets_its_limit() {
    let deadlines = Deadlines { first_byte: SHORT, ..DEADLINES };
    let started = Instant::now();
    let result = outcome(Answer::silence(), deadlines).await;
    check_fault(result, ErrorKind::Timeout, "did not begin to answer within 50ms");
    assert!(started.elapsed() < AMPLE / 2);
}

#[tokio::test]
async fn a_few_informational_responses_pass_unseen() {
    let informational = "HTTP/1.1 102 Processing\r\n\r\n".repeat(8);
    let answer =
        Answer::raw(format!("{informational}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{{}}"));
    assert_eq!(outcome(answer, DEADLINES).await.unwrap(), "{}");
}

#[tokio::test]
async fn informational_responses_without_end_are_given_up_and_hung_up_on() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let client = client(&base_url, Network::Local, Egress::new());
    let flood = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
        while stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await.is_ok() {}
    };
    let (sent, ()) = tokio::join!(send(&client), flood);
    check_fault(sent, ErrorKind::Malformed, "informational responses without end");
}

#[tokio::test]
async fn a_head_that_never_ends_meets_the_limit_of_the_first_byte() {
    let answer = Answer::raw("HTTP/1.1 200 OK\r\nx-half: ").ending(End::Hang);
    let result = outcome(answer, Deadlines { first_byte: SHORT, ..DEADLINES }).await;
    check_fault(result, ErrorKind::Timeout, "did not begin to answer");
}

#[tokio::test]
async fn a_body_that_stalls_meets_the_idle_limit() {
    let answer = Answer::stream("text/plain", ["ab"]).ending(End::Hang);
    let result = outcome(answer, Deadlines { idle: SHORT, ..DEADLINES }).await;
    check_fault(result, ErrorKind::Timeout, "sent nothing more for 50ms");
}

#[tokio::test]
async fn the_idle_limit_counts_on_when_the_caller_stops_waiting_and_calls_again() {
    let answer = Answer::stream("text/plain", ["ab"]).ending(End::Hang);
    let provider = ScriptedProvider::always(answer);
    let deadlines = Deadlines { idle: SHORT, ..DEADLINES };
    let mut reply = client_to(&provider).send(call(deadlines)).await.unwrap();
    assert_eq!(reply.body.chunk().await.unwrap().unwrap(), "ab");
    let started = Instant::now();
    let fault = loop {
        match tokio::time::timeout(SHORT / 5, reply.body.chunk()).await {
            Ok(piece) => break piece.unwrap(),
            Err(_) => assert!(started.elapsed() < AMPLE / 2, "each call began to wait anew"),
        }
    };
    check_fault(fault, ErrorKind::Timeout, "sent nothing more for 50ms");
}

#[tokio::test]
async fn a_body_that_trickles_meets_the_total_limit() {
    let mut answer = Answer::stream("text/plain", [""; 0]);
    let trickle = (Duration::from_millis(10), b"x".to_vec());
    answer.body = testkit::scripted::Body::Chunks(vec![trickle; 1000]);
    let result =
        outcome(answer, Deadlines { total: Duration::from_millis(200), ..DEADLINES }).await;
    check_fault(result, ErrorKind::Timeout, "did not finish its answer within 200ms");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_truncated() {
    for end in [End::Cut, End::Reset] {
        for answer in [Answer::stream("text/plain", ["ab"]), Answer::new(200, "ab")] {
            let result = outcome(answer.ending(end), DEADLINES).await;
            check_fault(result, ErrorKind::Truncated, "broke off");
        }
    }
}

#[tokio::test]
async fn a_connection_that_ends_without_an_answer_is_a_failure() {
    for end in [End::Cut, End::Reset] {
        let provider = ScriptedProvider::always(Answer::raw("").ending(end));
        let sent = send(&client_to(&provider)).await;
        check_fault(sent, ErrorKind::UpstreamFailed, "closed the connection");
        // It may have been carried out, so it is not sent again behind the caller's back.
        assert_eq!(provider.calls(), 1);
    }
}

#[tokio::test]
async fn what_is_not_http_is_malformed() {
    for raw in [
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
    ] {
        check_fault(outcome(Answer::raw(raw), DEADLINES).await, ErrorKind::Malformed, "HTTP/1.1");
    }
}

#[tokio::test]
async fn a_head_is_bounded() {
    for kibibytes in [65, 1024] {
        let large = Answer::new(200, "").header("x-large", "x".repeat(kibibytes * 1024));
        check_fault(outcome(large, DEADLINES).await, ErrorKind::Malformed, "too large a head");
    }
    let many = (0..101).fold(Answer::new(200, ""), |answer, _| answer.header("x-many", "1"));
    check_fault(outcome(many, DEADLINES).await, ErrorKind::Malformed, "too large a head");
    let fits = Answer::new(200, "ab").header("x-large", "x".repeat(63 * 1024));
    assert_eq!(outcome(fits, DEADLINES).await.unwrap(), "ab");
    let fits = (0..99).fold(Answer::new(200, "ab"), |answer, _| answer.header("x-many", "1"));
    assert_eq!(outcome(fits, DEADLINES).await.unwrap(), "ab");
}

#[tokio::test]
async fn a_body_is_bounded() {
    assert_eq!(outcome(Answer::new(200, [7; 1024]), DEADLINES).await.unwrap(), [7; 1024][..]);
    for answer in [Answer::new(200, [7; 1025]), Answer::stream("text/plain", [[7; 600], [7; 600]])]
    {
        check_fault(outcome(answer, DEADLINES).await, ErrorKind::Malformed, "larger than");
    }
}

#[tokio::test]
async fn compression_that_was_not_asked_for_is_refused() {
    for encoding in ["gzip", "br", "identity, gzip", "x"] {
        let answer = Answer::new(200, "ab").header("content-encoding", encoding);
        check_fault(outcome(answer, DEADLINES).await, ErrorKind::Malformed, "compressed");
    }
    let raw = "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n";
    check_fault(outcome(Answer::raw(raw), DEADLINES).await, ErrorKind::Malformed, "compressed");
    let plain = Answer::new(200, "ab").header("content-encoding", "Identity");
    assert_eq!(outcome(plain, DEADLINES).await.unwrap(), "ab");
}

#[tokio::test]
async fn a_dropped_reply_hangs_up() {
    let answer = Answer::stream("text/plain", ["ab"]).ending(End::Hang);
    let provider = ScriptedProvider::always(answer);
    let mut reply = send(&client_to(&provider)).await.unwrap();
    reply.body.chunk().await.unwrap().unwrap();
    assert_eq!(provider.disconnects(), 0);
    drop(reply);
    tokio::time::timeout(AMPLE, provider.wait_for_disconnects(1)).await.unwrap();
}

#[tokio::test]
async fn a_dropped_call_hangs_up() {
    let provider = ScriptedProvider::always(Answer::silence());
    let client = client_to(&provider);
    tokio::select! {
        _ = send(&client) => panic!("an answer out of silence"),
        () = provider.wait_for_calls(1) => {}
    }
    tokio::time::timeout(AMPLE, provider.wait_for_disconnects(1)).await.unwrap();
}

#[tokio::test]
async fn a_fault_in_the_body_hangs_up() {
    let answer = Answer::stream("text/plain", ["ab"]).ending(End::Hang);
    let provider = ScriptedProvider::always(answer);
    let client = client_to(&provider);
    let deadlines = Deadlines { idle: SHORT, ..DEADLINES };
    let mut reply = client.send(call(deadlines)).await.unwrap();
    while let Some(Ok(_)) = reply.body.chunk().await {}
    tokio::time::timeout(AMPLE, provider.wait_for_disconnects(1)).await.unwrap();
    assert!(reply.body.chunk().await.is_none());
}
