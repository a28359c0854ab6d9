//! Only requests meant for one of our own names are looked at.

use http::StatusCode;

use crate::rig::{KEY, Plan, Rig};

/// A request with these lines for Host.
fn request(target: &str, host_lines: &str) -> String {
    format!("GET {target} HTTP/1.1\r\n{host_lines}x-api-key: {KEY}\r\n\r\n")
}

async fn status(rig: &Rig, target: &str, host_lines: &str) -> u16 {
    rig.ask(request(target, host_lines)).await.status
}

#[tokio::test]
async fn our_own_names_are_served() {
    let rig =
        Rig::with(Plan { hosts: vec!["gw.example", "other.example:8443"], ..Plan::default() });
    let rig = rig.await;
    let port = rig.address.port();
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("LOCALHOST:{port}"),
        format!("[::1]:{port}"),
        format!("gw.example:{port}"),
        "gw.example".to_owned(),
        "GW.Example:443".to_owned(),
        "gw.example:80".to_owned(),
        "other.example:8443".to_owned(),
    ] {
        let line = format!("Host: {host}\r\n");
        assert_eq!(status(&rig, "/things", &line).await, 200, "{host}");
        let absolute = format!("http://{host}/things");
        assert_eq!(status(&rig, &absolute, &line).await, 200, "{host}");
    }
}

#[tokio::test]
async fn eighty_other_spellings_are_not() {
    let rig = Rig::with(Plan { hosts: vec!["gw.example"], ..Plan::default() }).await;
    let port = rig.address.port();
    let (wrong, malformed) = (StatusCode::MISDIRECTED_REQUEST, StatusCode::BAD_REQUEST);
    let unknown_names = [
        "evil.example",
        "localhost.evil.example",
        "evil-localhost",
        "localhost.localdomain",
        "foo.localhost",
        "foo.local",
        "foo.internal",
        "127.0.0.2",
        "127.1",
        "127.0.1",
        "0",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.0.0.1.nip.io",
        "127.000.000.001",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:7f00:1]",
        "[fe80::1]",
        "www.gw.example",
        "example",
        "gw",
        "gw-example",
        "xn--lcalhost-54a",
        "localhost_",
        "l0calhost",
    ];
    for name in unknown_names {
        let line = format!("Host: {name}:{port}\r\n");
        assert_eq!(status(&rig, "/things", &line).await, wrong.as_u16(), "{line:?}");
    }
    for host in [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "localhost:80",
        "localhost:443",
        "localhost:1",
        "127.0.0.1:65535",
        "[::1]:8000",
        "gw.example:81",
        "evil.example",
    ] {
        let line = format!("Host: {host}\r\n");
        assert_eq!(status(&rig, "/things", &line).await, wrong.as_u16(), "{line:?}");
    }
    let own = format!("localhost:{port}");
    for host in [
        "".to_owned(),
        " ".to_owned(),
        ":".to_owned(),
        format!(":{port}"),
        "localhost:".to_owned(),
        format!("{own}/?"),
        format!("{own}/#"),
        format!("{own}/"),
        format!("{own}?"),
        format!("{own}#"),
        format!("localhost.:{port}"),
        format!("127.0.0.1.:{port}"),
        format!("user@{own}"),
        format!("user:pass@{own}"),
        format!("evil.example@{own}"),
        format!("{own}@evil.example"),
        format!("http://{own}"),
        format!("//{own}"),
        format!("{own},{own}"),
        format!("{own} {own}"),
        format!("{own}, evil.example"),
        format!("{own};a"),
        format!("{own}\\evil"),
        format!("loc%61lhost:{port}"),
        format!("localhost:+{port}"),
        format!("localhost:0{port}"),
        format!("localhost: {port}"),
        format!("localhost:{port}:{port}"),
        "localhost:0".to_owned(),
        "localhost:99999".to_owned(),
        format!("::1:{port}"),
        format!("[::1:{port}"),
        format!("[::1]]:{port}"),
        format!("[::1%25lo]:{port}"),
        format!("[localhost]:{port}"),
        format!(".localhost:{port}"),
        format!("*:{port}"),
        format!("l\u{f6}calhost:{port}"),
        format!("\"{own}\""),
        format!("{own}\0"),
    ] {
        let line = format!("Host: {host}\r\n");
        assert_eq!(status(&rig, "/things", &line).await, malformed.as_u16(), "{line:?}");
    }
    for lines in [
        String::new(),
        format!("Host: {own}\r\nHost: {own}\r\n"),
        format!("Host: {own}\r\nHost: evil.example\r\n"),
        format!("Host: evil.example\r\nHost: {own}\r\n"),
        format!("X-Forwarded-Host: {own}\r\n"),
        format!("Forwarded: host={own}\r\n"),
    ] {
        assert_eq!(status(&rig, "/things", &lines).await, malformed.as_u16(), "{lines:?}");
    }
    assert_eq!(rig.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn open_routes_check_the_host_too() {
    let rig = Rig::open().await;
    assert_eq!(status(&rig, "/open", "Host: rebound.example\r\n").await, 421);
    assert_eq!(status(&rig, "/open", "").await, 400);
    let old = rig.ask("GET /open HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.status, 400);
}

#[tokio::test]
async fn an_absolute_target_must_agree() {
    let rig = Rig::open().await;
    let port = rig.address.port();
    let line = format!("Host: localhost:{port}\r\n");
    for target in [
        "http://evil.example/things".to_owned(),
        format!("http://127.0.0.1:{port}/things"),
        "http://localhost/things".to_owned(),
        format!("http://user@localhost:{port}/things"),
    ] {
        assert_eq!(status(&rig, &target, &line).await, 400, "{target}");
    }
    assert_eq!(rig.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn names_are_replaced_while_running() {
    let rig = Rig::with(Plan { hosts: vec!["old.example"], ..Plan::default() }).await;
    rig.hosts.replace(&["new.example".parse().unwrap()]);
    assert_eq!(status(&rig, "/things", "Host: old.example\r\n").await, 421);
    assert_eq!(status(&rig, "/things", "Host: new.example\r\n").await, 200);
    let own = format!("Host: {}\r\n", rig.address);
    assert_eq!(status(&rig, "/things", &own).await, 200);
}
