//! The process: several listeners, TLS, and a stop that lets answers end.

use std::{net::TcpStream, sync::Arc, time::Duration};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};
use serde_json::json;
use testkit::scripted::{Answer, Body};

use crate::harness::{Ask, Gateway, Home, eventually, openai};

#[test]
fn a_stop_lets_a_running_stream_end() {
    let provider = openai().start_with_chat({
        let pieces = openai().stream.split_inclusive("\n\n");
        let slow = |piece: &str| (Duration::from_millis(100), piece.as_bytes().to_vec());
        Answer { body: Body::Chunks(pieces.map(slow).collect()), ..openai().streamed([""; 0]) }
    });
    let mut gateway = Gateway::start();
    gateway.register(&openai().registration("x", &provider));
    let body = json!({ "message": "hi", "provider": "x", "stream": true });
    let mut live = gateway.ask("POST", "/api/chat/multi").json(&body).open();
    assert_eq!(live.event().unwrap().1, json!({ "delta": "Hello" }));
    gateway.terminate();
    let ask = gateway.ask("GET", "/livez");
    eventually("no one else is let in", || ask.clone().try_open().is_err());
    assert!(!gateway.has_ended());
    assert_eq!(live.event().unwrap().1, json!({ "delta": " world!" }));
    assert_eq!(live.event().unwrap().0, "done");
    assert!(live.whole().is_complete);
    assert_eq!(gateway.exit_code(), Some(0));
}

#[test]
fn every_listener_serves_the_same() {
    let home = Home::new();
    let gateway = home.serve_with(&[
        "--listen",
        "127.0.0.1:0",
        "--listen",
        "127.0.0.3:0",
        "--host",
        "paw.lan",
    ]);
    for url in &gateway.urls {
        let address = url.strip_prefix("http://").unwrap().parse().unwrap();
        let ask = || Ask::new(address, "GET", "/api/providers").header("x-api-key", &gateway.key);
        ask().send().expect(200);
        ask().without("host").header("host", "paw.lan").send().expect(200);
        assert_eq!(ask().without("host").header("host", "other.lan").send().status, 421);
    }
}

#[test]
fn a_tls_listener_serves_the_same() {
    let home = Home::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (home.path("cert.pem"), home.path("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let gateway =
        home.serve_with(&["--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key]);
    assert!(gateway.urls[0].starts_with("https://127.0.0.1:"), "{:?}", gateway.urls);

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(crypto).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let dial = || {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&config), name).unwrap();
        StreamOwned::new(connection, TcpStream::connect(gateway.address()).unwrap())
    };
    let list = gateway.ask("GET", "/api/providers").open_over(dial()).unwrap().whole();
    assert_eq!(list.expect(200)["default_provider"], "ollama");
    let closed = gateway.ask_without_key("GET", "/api/providers").open_over(dial()).unwrap();
    assert_eq!(closed.status, 401);
    assert!(
        gateway.ask("GET", "/api/providers").try_open().is_err(),
        "plain HTTP is not spoken here"
    );
}

#[test]
fn many_calls_at_once_are_all_answered() {
    let provider = openai().start();
    let gateway = Gateway::start();
    gateway.register(&openai().registration("x", &provider));
    let statuses = crate::harness::at_once(100, |_| {
        gateway.chat(&json!({ "message": "hi", "provider": "x" })).status
    });
    assert_eq!(statuses, vec![200; 100]);
    assert_eq!(provider.calls(), 100);
}
