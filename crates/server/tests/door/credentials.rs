//! Without a valid key there is nothing to learn, whatever is asked and however.

use crate::rig::{KEY, Rig};

#[tokio::test]
async fn each_position_works_and_others_do_not() {
    let rig = Rig::open().await;
    let wrong = format!("{KEY}x");
    for (headers, status) in [
        (format!("authorization: Bearer {KEY}\r\n"), 200),
        (format!("Authorization: bEARER  {KEY}\r\n"), 200),
        (format!("x-api-key: {KEY}\r\n"), 200),
        (format!("x-goog-api-key: {KEY}\r\n"), 200),
        (format!("x-api-key: {KEY}\r\nauthorization: Bearer {KEY}\r\n"), 200),
        (format!("x-api-key: {KEY}\r\nx-api-key: {KEY}\r\n"), 200),
        (format!("x-api-key: {KEY}\r\nauthorization: Bearer {wrong}\r\n"), 400),
        (format!("x-api-key: {wrong}\r\nx-api-key: {KEY}\r\n"), 400),
        (format!("x-api-key: {wrong}\r\n"), 401),
        (format!("x-api-key: {}\r\n", &KEY[1..]), 401),
        (format!("x-api-key: {}\r\n", KEY.to_uppercase()), 401),
        (format!("authorization: Basic {KEY}\r\n"), 401),
        (format!("authorization: {KEY}\r\n"), 401),
        (format!("api-key: {KEY}\r\n"), 401),
        (format!("cookie: key={KEY}; x-api-key={KEY}\r\n"), 401),
        (format!("proxy-authorization: Bearer {KEY}\r\n"), 401),
        ("authorization: Bearer \u{e9}\r\n".to_owned(), 401),
        ("x-api-key:\r\n".to_owned(), 401),
        (String::new(), 401),
    ] {
        let request = format!("GET /things HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", rig.address);
        let answer = rig.ask(&request).await;
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{headers:?}");
    }
}

#[tokio::test]
async fn without_a_key_everything_is_the_same_401() {
    let rig = Rig::open().await;
    let mut bodies = Vec::new();
    for line in [
        "GET /things",
        "GET /things/special",
        "GET /nowhere",
        "PUT /things",
        "HEAD /echo",
        "PUT /open",
        "OPTIONS /things",
        "OPTIONS /open",
        "DELETE /",
        "GET /",
        "BREW /things",
        "GET //things",
        "GET /./things",
        "GET /a/../things",
        "GET /open/../things",
        "GET /open/",
        "GET //open",
        "GET /Open",
        "GET /%6Fpen",
        "GET /open%2f..%2fthings",
        "GET /assets/../things",
        "GET /assets/..%2fthings",
        "GET /assets/%2e%2e/things",
        "GET /assets/a\\b",
        "GET /%ff",
        "GET /things?key=KEY",
        "GET /things?x-api-key=KEY&api_key=KEY&access_token=KEY",
        "GET /things;key=KEY",
    ] {
        let line = line.replace("KEY", KEY);
        let mut client = rig.connect().await;
        client.send(format!("{line} HTTP/1.1\r\nhost: {}\r\n\r\n", rig.address)).await;
        let answer = client.answer_to(line.split(' ').next().unwrap()).await.unwrap();
        assert_eq!(answer.status, 401, "{line}");
        if !line.starts_with("HEAD") {
            bodies.push(answer.body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "the answers differ");
    assert_eq!(rig.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn open_routes_ask_for_nothing() {
    let rig = Rig::open().await;
    for (line, status) in [("GET /open", 200), ("POST /open", 200), ("GET /assets/a/b.js", 200)] {
        let request =
            format!("{line} HTTP/1.1\r\nhost: {}\r\nx-api-key: wrong\r\n\r\n", rig.address);
        assert_eq!(rig.ask(&request).await.status, status, "{line}");
    }
}

#[tokio::test]
async fn a_shell_is_open_to_all_but_those_who_ask_for_json() {
    let rig = Rig::open().await;
    let ask = |line: &str, headers: &str| {
        rig.ask(format!("{line} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", rig.address))
    };
    let json = "accept: application/json\r\n";
    assert_eq!(ask("GET /page", "").await.status, 200);
    assert_eq!(ask("GET /page", "accept: text/html, application/json\r\n").await.status, 200);
    assert_eq!(ask("GET /page", json).await.status, 401);
    assert_eq!(ask("GET /page", &format!("{json}x-api-key: {KEY}\r\n")).await.status, 200);
    assert_eq!(ask("POST /page", "").await.status, 401);
}

#[tokio::test]
async fn with_a_key_crooked_paths_are_refused() {
    let rig = Rig::open().await;
    for path in [
        "//things",
        "/./things",
        "/a/../things",
        "/%2e%2e/things",
        "/things/a%2fb",
        "/things/a%5Cb",
        "/things/a\\b",
        "/things/%00",
        "/things/%ff",
        "/things/%2",
        "/assets/../things",
    ] {
        assert_eq!(rig.ask(rig.head(&format!("GET {path}")) + "\r\n").await.status, 400, "{path}");
    }
    assert_eq!(rig.calls(), Vec::<String>::new());
}
