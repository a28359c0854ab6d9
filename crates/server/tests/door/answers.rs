//! What every answer carries, and how the route table is read.

use std::sync::Arc;

use http::{Method, StatusCode};
use http_body::Body as _;
use server::{Access, RequestId, Route, Router, response};

use crate::rig::{KEY, OneKey, Rig};

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let rig = Rig::open().await;
    for (request, status) in [
        (rig.head("GET /things") + "\r\n", 200),
        (rig.head("GET /nowhere") + "\r\n", 404),
        (rig.head("PUT /things") + "\r\n", 405),
        (rig.head("GET /things/%") + "\r\n", 400),
        (rig.head("GET /panic") + "\r\n", 500),
        (format!("GET /things HTTP/1.1\r\nhost: {}\r\n\r\n", rig.address), 401),
        ("GET /things HTTP/1.1\r\nhost: evil.example\r\n\r\n".to_owned(), 421),
        ("nonsense\r\n\r\n".to_owned(), 400),
        (rig.head("GET /things") + "sec-fetch-site: cross-site\r\n\r\n", 403),
    ] {
        let answer = rig.ask(&request).await;
        assert_eq!(answer.status, status, "{request:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"));
        assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control-")));
        let request_id = answer.header("x-request-id").unwrap();
        assert!(request_id.len() == 32 && request_id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

#[tokio::test]
async fn request_ids_are_ours_and_differ() {
    let rig = Rig::open().await;
    let request = rig.head("GET /things") + "x-request-id: theirs\r\n\r\n";
    let (first, second) = (rig.ask(&request).await, rig.ask(&request).await);
    assert_ne!(first.header("x-request-id"), Some("theirs"));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn a_busy_answer_says_when_to_come_back() {
    let rig = Rig::open().await;
    let answer = rig.ask(rig.head("GET /busy") + "\r\n").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")));
}

#[tokio::test]
async fn literal_paths_win_and_parameters_are_decoded() {
    let rig = Rig::open().await;
    for (path, expected) in [
        ("/things/special", "the literal"),
        ("/things/specials", "specials"),
        ("/things/a%20b%C3%A9", "a b\u{e9}"),
        ("/things/a?name=b&key=c", "a"),
    ] {
        let answer = rig.ask(rig.head(&format!("GET {path}")) + "\r\n").await;
        assert_eq!(answer.json()["ok"], expected, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let rig = Rig::open().await;
    let answer = rig.ask(rig.head("PATCH /things/a") + "\r\n").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, DELETE, HEAD")));
    let answer = rig.ask(rig.head("HEAD /echo") + "\r\n").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let answer = rig.ask(rig.head("OPTIONS /things") + "\r\n").await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    client.send(rig.head("HEAD /things") + "\r\n" + &rig.head("GET /things") + "\r\n").await;
    let head = client.answer_to("HEAD").await.unwrap();
    let get = client.answer().await.unwrap();
    assert_eq!((head.status, get.status), (200, 200));
    assert_eq!(head.header("content-length"), get.header("content-length"));
}

#[tokio::test]
async fn a_table_answers_without_a_door() {
    let handler = |_| async { response::detail(StatusCode::OK, "here") };
    let route = Route::new(Method::GET, "/here", Access::Key, handler);
    let router = Router::new(vec![route], Arc::new(OneKey)).unwrap();
    let ask = async |method: Method, key: &str| {
        let request = http::Request::builder().method(method).uri("/here").header("x-api-key", key);
        let request = request.body(response::empty()).unwrap();
        let peer = ([127, 0, 0, 1], 1).into();
        router.answer(RequestId::random(), peer, request).await
    };
    assert_eq!(ask(Method::GET, "wrong").await.status(), 401);
    assert!(!ask(Method::GET, KEY).await.body().is_end_stream());
    let head = ask(Method::HEAD, KEY).await;
    assert!(head.body().is_end_stream());
    assert_eq!(head.headers()["content-length"], "17");
}

#[test]
fn a_table_with_two_equal_rows_is_refused() {
    let row = |method: Method, path| {
        Route::new(method, path, Access::Open, |_| async { response::detail(StatusCode::OK, "") })
    };
    for (first, second, fits) in [
        (row(Method::GET, "/a"), row(Method::GET, "/a"), false),
        (row(Method::GET, "/a/{b}"), row(Method::POST, "/a/{c}"), false),
        (row(Method::GET, "/a/{b"), row(Method::GET, "/c"), false),
        (row(Method::GET, "/a"), row(Method::POST, "/a"), true),
        (row(Method::GET, "/a/{b}"), row(Method::GET, "/a/c"), true),
    ] {
        let (one, two) = (format!("{first:?}"), format!("{second:?}"));
        let built = Router::new(vec![first, second], Arc::new(OneKey));
        assert_eq!(built.is_ok(), fits, "{one} and {two}");
    }
}

#[tokio::test]
async fn a_panic_is_one_requests_own() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    for path in ["/panic", "/panic-at-once"] {
        client.send(rig.head(&format!("GET {path}")) + "\r\n").await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 500);
        assert!(!answer.detail().contains("on purpose"));
    }
    client.send(rig.head("GET /things") + "\r\n").await;
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn http_1_0_is_served_once() {
    let rig = Rig::open().await;
    let mut client = rig.connect().await;
    let host = rig.address;
    client.send(format!("GET /things HTTP/1.0\r\nhost: {host}\r\nx-api-key: {KEY}\r\n\r\n")).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert_eq!(client.rest().await, b"");
}
