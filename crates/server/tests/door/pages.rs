//! Pages of other sites are kept out, key or not.

use crate::rig::{Plan, Rig};

async fn check(rig: &Rig, line: &str, headers: &str, status: u16) {
    let headers = headers.replace("PORT", &rig.address.port().to_string());
    let answer = rig.ask(format!("{}{headers}\r\n", rig.head(line))).await;
    assert_eq!(answer.status, status, "{line} with {headers:?}");
    let cors = answer.headers.iter().any(|(name, _)| name.starts_with("access-control"));
    assert!(!cors, "{line} with {headers:?}");
}

#[tokio::test]
async fn the_page_that_asks_must_be_ours() {
    let rig = Rig::with(Plan { hosts: vec!["gw.example"], ..Plan::default() }).await;
    for (headers, status) in [
        ("", 200),
        ("sec-fetch-site: same-origin\r\n", 200),
        ("sec-fetch-site: none\r\n", 200),
        ("sec-fetch-site: same-site\r\n", 403),
        ("sec-fetch-site: cross-site\r\n", 403),
        ("sec-fetch-site: Same-Origin\r\n", 403),
        ("sec-fetch-site:\r\n", 403),
        ("sec-fetch-site: none\r\nsec-fetch-site: cross-site\r\n", 403),
        ("sec-fetch-site: same-origin, cross-site\r\n", 403),
    ] {
        for line in ["GET /things", "POST /echo", "GET /nowhere", "OPTIONS /things", "POST /open"] {
            let expected = match (status, line) {
                (403, _) => 403,
                (_, "GET /nowhere") => 404,
                (_, "OPTIONS /things") => 405,
                _ => 200,
            };
            check(&rig, line, headers, expected).await;
        }
    }
}

#[tokio::test]
async fn the_origin_must_be_ours() {
    let rig =
        Rig::with(Plan { hosts: vec!["gw.example", "b.example:8443"], ..Plan::default() }).await;
    for origin in [
        "http://127.0.0.1:PORT",
        "http://localhost:PORT",
        "http://[::1]:PORT",
        "http://gw.example",
        "https://gw.example",
        "http://gw.example:PORT",
        "https://b.example:8443",
    ] {
        check(&rig, "POST /echo", &format!("origin: {origin}\r\n"), 200).await;
    }
    for origin in [
        "null",
        "",
        "*",
        "http://evil.example",
        "https://evil.example:PORT",
        "http://localhost",
        "http://localhost:1",
        "https://localhost",
        "http://localhost:PORT.evil.example",
        "http://localhost:PORT@evil.example",
        "http://localhost:PORT/",
        "http://localhost:PORT/a",
        "http://localhost.evil.example:PORT",
        "http://evil-localhost:PORT",
        "http://a.gw.example",
        "http://gw.example.evil.example",
        "http://gw.examplee",
        "http://xgw.example",
        "http://gw.example:8080",
        "https://gw.example:8443",
        "https://b.example",
        "http://b.example",
        "localhost:PORT",
        "//localhost:PORT",
        "file://localhost:PORT",
        "ftp://localhost:PORT",
        "ws://localhost:PORT",
        "HTTP://localhost:PORT",
        "chrome-extension://abcdefgh",
        "moz-extension://abcdefgh",
        "http://127.0.0.2:PORT",
        "http://0.0.0.0:PORT",
        "http://[::ffff:127.0.0.1]:PORT",
        "http://localhost.:PORT",
        "http://localhost:PORT http://localhost:PORT",
        "http://localhost:PORT, http://evil.example",
        "http://xn--lcalhost-54a:PORT",
        "http://l\u{f6}calhost:PORT",
        "http://",
        "http:localhost:PORT",
    ] {
        check(&rig, "POST /echo", &format!("origin: {origin}\r\n"), 403).await;
        check(&rig, "GET /open", &format!("origin: {origin}\r\n"), 403).await;
    }
    check(&rig, "GET /things", "origin: http://gw.example\r\norigin: http://gw.example\r\n", 403)
        .await;
}

#[tokio::test]
async fn a_link_may_lead_to_a_shell_and_nowhere_else() {
    let rig = Rig::open().await;
    let site = "sec-fetch-site: cross-site\r\n";
    let link = format!("{site}sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n");
    let frame = format!("{site}sec-fetch-mode: navigate\r\nsec-fetch-dest: iframe\r\n");
    let script = format!("{site}sec-fetch-mode: no-cors\r\nsec-fetch-dest: script\r\n");
    check(&rig, "GET /open", &link, 200).await;
    check(&rig, "POST /open", &link, 403).await;
    check(&rig, "GET /things", &link, 403).await;
    check(&rig, "GET /nowhere", &link, 403).await;
    check(&rig, "GET /open", &frame, 403).await;
    check(&rig, "GET /open", &script, 403).await;
    check(&rig, "GET /open", &format!("{link}origin: null\r\n"), 403).await;
}

#[tokio::test]
async fn a_preflight_gets_nothing() {
    let rig = Rig::open().await;
    let preflight = "origin: http://evil.example\r\naccess-control-request-method: POST\r\n";
    check(&rig, "OPTIONS /echo", preflight, 403).await;
    let own = "origin: http://localhost:PORT\r\naccess-control-request-method: POST\r\n";
    check(&rig, "OPTIONS /echo", own, 405).await;
}
