//! The same door behind TLS.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use server::Tls;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::rig::{Client, Plan, Rig, connect};

struct Files {
    folder: TempDir,
    tls: Arc<Tls>,
}

/// Writes a new certificate for localhost and its key; gives what a client must trust.
fn write_certificate(folder: &TempDir) -> (PathBuf, PathBuf, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key, made.cert.der().clone())
}

async fn open() -> (Rig, Files, CertificateDer<'static>) {
    let folder = TempDir::new().unwrap();
    let (certificate, key, trusted) = write_certificate(&folder);
    let tls = Arc::new(Tls::load(certificate, key).unwrap());
    let rig = Rig::with(Plan { tls: Some(Arc::clone(&tls)), ..Plan::default() }).await;
    (rig, Files { folder, tls }, trusted)
}

async fn shake_hands(
    rig: &Rig,
    trusted: &CertificateDer<'static>,
    version: &'static SupportedProtocolVersion,
) -> std::io::Result<Client<TlsStream<TcpStream>>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let stream =
        TlsConnector::from(Arc::new(config)).connect(name, connect(rig.address).await).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    Ok(Client::new(stream))
}

#[tokio::test]
async fn both_versions_are_served() {
    let (rig, _files, trusted) = open().await;
    for version in [&TLS12, &TLS13] {
        let mut client = shake_hands(&rig, &trusted, version).await.unwrap();
        client.send(rig.head("GET /things") + "\r\n").await;
        assert_eq!(client.answer().await.unwrap().status, 200);
        let body = "content-length: 3\r\n\r\nabc";
        client.send(rig.head("POST /echo") + body + &rig.head("GET /a b") + "\r\n").await;
        assert_eq!(client.answer().await.unwrap().body, b"abc");
        assert_eq!(client.answer().await.unwrap().status, 400);
        assert_eq!(client.rest().await, b"");
    }
}

#[tokio::test]
async fn an_origin_must_have_been_served_over_tls() {
    let (rig, _files, trusted) = open().await;
    for (scheme, status) in [("https", 200), ("http", 403)] {
        let mut client = shake_hands(&rig, &trusted, &TLS13).await.unwrap();
        let origin = format!("origin: {scheme}://localhost:{}\r\n\r\n", rig.address.port());
        client.send(rig.head("GET /things") + &origin).await;
        assert_eq!(client.answer().await.unwrap().status, status, "{scheme}");
    }
}

#[tokio::test]
async fn plain_http_is_not_spoken_on_a_tls_port() {
    let (rig, _files, _) = open().await;
    let mut client = rig.connect().await;
    client.send(rig.head("GET /open") + "\r\n").await;
    let answered = client.rest().await;
    assert!(!answered.windows(5).any(|window| window == b"HTTP/"));
    assert_eq!(rig.calls(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_stalled_handshake_is_cut() {
    let (rig, _files, _) = open().await;
    let began = Instant::now();
    let mut client = rig.connect().await;
    client.send([0x16, 0x03]).await;
    client.rest().await;
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn certificates_are_replaced_while_running() {
    let (rig, files, old) = open().await;
    let mut held = shake_hands(&rig, &old, &TLS13).await.unwrap();
    let (certificate, _, new) = write_certificate(&files.folder);
    files.tls.reload().unwrap();
    assert!(shake_hands(&rig, &new, &TLS13).await.is_ok());
    assert!(shake_hands(&rig, &old, &TLS13).await.is_err());

    std::fs::write(&certificate, "no certificate").unwrap();
    let error = files.tls.reload().unwrap_err();
    assert!(error.to_string().contains("cert.pem"), "{error}");
    assert!(shake_hands(&rig, &new, &TLS13).await.is_ok());
    held.send(rig.head("GET /things") + "\r\n").await;
    assert_eq!(held.answer().await.unwrap().status, 200);
}
