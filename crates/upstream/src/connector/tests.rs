//! TLS towards a provider: who is believed, and that nothing is sent before.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use canonical::{ErrorKind, Fault};
use http::{HeaderMap, HeaderValue, Method};
use rcgen::{CertificateParams, CertifiedKey, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::{self, SingleCertAndKey},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::{Call, Client, Deadlines, parse_base_url};

/// A certificate for `host` that vouches for itself.
fn certificate(host: &str) -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed([host.to_owned()]).unwrap()
}

fn expired(host: &str) -> CertifiedKey<KeyPair> {
    let signing_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    CertifiedKey { cert: params.self_signed(&signing_key).unwrap(), signing_key }
}

/// Sends one request to `host` where a server with `certificate` answers, while `trusted` is all that is trusted.
/// Also returns how many bytes of the request the server could read.
async fn attempt(
    host: &str,
    certificate: &CertifiedKey<KeyPair>,
    trusted: CertificateDer<'static>,
) -> (Result<u16, Fault>, usize) {
    attempt_through(Egress::trusting(trusted), host, certificate).await
}

async fn attempt_through(
    egress: Egress,
    host: &str,
    certificate: &CertifiedKey<KeyPair>,
) -> (Result<u16, Fault>, usize) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let base_url = parse_base_url(&format!("https://{host}:{port}"), Network::Local).unwrap();
    let client = Client::new(&base_url, Network::Local, Arc::new(egress));
    let headers = HeaderMap::from_iter([(
        http::header::AUTHORIZATION,
        HeaderValue::from_static("Bearer canary"),
    )]);
    let (method, body) = (Method::GET, Bytes::new());
    let call = Call { method, target: "/", headers, body, deadlines: Deadlines::default() };
    let sending = async { client.send(call).await.map(|reply| reply.status) };
    // A client that never comes would keep the server waiting.
    let serving = timeout(Duration::from_secs(20), serve(listener, certificate));
    let (result, received) = tokio::join!(sending, serving);
    (result, received.unwrap_or_default())
}

async fn serve(listener: TcpListener, certificate: &CertifiedKey<KeyPair>) -> usize {
    let key = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        // Unlike a single certificate, this takes a key that does not fit.
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(sign::CertifiedKey::new(
            vec![certificate.cert.der().clone()],
            aws_lc_rs::sign::any_supported_type(&key).unwrap(),
        ))));
    let (stream, _) = listener.accept().await.unwrap();
    let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else { return 0 };
    let mut request = [0; 1024];
    let Ok(count) = stream.read(&mut request).await else { return 0 };
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    count
}

fn check_refused((result, received): (Result<u16, Fault>, usize)) {
    let fault = result.unwrap_err();
    assert_eq!(fault.kind, ErrorKind::Unreachable, "{fault:?}");
    assert!(fault.public.contains("certificate is not valid"), "{fault:?}");
    assert_eq!(received, 0);
}

#[tokio::test]
async fn a_trusted_certificate_for_the_host_is_believed() {
    for host in ["localhost", "127.0.0.1"] {
        let certificate = certificate(host);
        let (status, received) = attempt(host, &certificate, certificate.cert.der().clone()).await;
        assert_eq!(status.unwrap(), 204, "{host}");
        assert_ne!(received, 0);
    }
}

#[test]
fn a_certificate_is_expected_to_name_the_host_without_the_dot_of_the_root() {
    for (host, expected) in
        [("x.example.", "x.example"), ("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")]
    {
        let name = server_name(&Host::parse(host).unwrap()).unwrap();
        assert_eq!(name.to_str(), expected);
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let trusted = certificate("localhost").cert.der().clone();
    check_refused(attempt("localhost", &certificate("localhost"), trusted).await);
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let other = certificate("other.example");
    check_refused(attempt("localhost", &other, other.cert.der().clone()).await);
}

#[tokio::test]
async fn a_pinned_certificate_is_believed_whatever_it_says() {
    for pinned in [certificate("other.example"), expired("localhost")] {
        let egress = Egress::pinned(pinned.cert.pem().as_bytes()).unwrap();
        assert_eq!(attempt_through(egress, "127.0.0.1", &pinned).await.0.unwrap(), 204);
    }
}

#[tokio::test]
async fn beside_a_pinned_certificate_no_other_is_believed() {
    let egress = Egress::pinned(certificate("localhost").cert.pem().as_bytes()).unwrap();
    check_refused(attempt_through(egress, "localhost", &certificate("localhost")).await);
}

#[tokio::test]
async fn a_pinned_certificate_without_its_key_is_refused() {
    let pinned = certificate("localhost");
    let stolen = CertifiedKey { cert: pinned.cert, signing_key: KeyPair::generate().unwrap() };
    let egress = Egress::pinned(stolen.cert.pem().as_bytes()).unwrap();
    let (result, received) = attempt_through(egress, "localhost", &stolen).await;
    assert_eq!((result.unwrap_err().kind, received), (ErrorKind::Unreachable, 0));
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let expired = expired("localhost");
    check_refused(attempt("localhost", &expired, expired.cert.der().clone()).await);
}

#[tokio::test]
async fn no_other_origin_is_dialled() {
    let base_url = parse_base_url("http://127.0.0.1:9", Network::Local).unwrap();
    let mut connector = Connector::new(base_url, Network::Local, Arc::new(Egress::new()));
    for origin in ["http://127.0.0.1:10", "https://127.0.0.1:9", "http://localhost:9", "/"] {
        let connected = connector.call(origin.parse().unwrap()).await.map(|_| ());
        assert!(matches!(connected, Err(ConnectError::WrongOrigin(_))), "{origin}: {connected:?}");
    }
}

#[tokio::test]
async fn a_dead_address_does_not_keep_the_next_from_being_tried() {
    let alive = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let alive = alive.local_addr().unwrap();
    let dead = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let egress = Arc::new(Egress::new());
    let addresses = admit(&[dead, alive], Network::Local, &egress).unwrap();
    assert_eq!(dial_first(&addresses, &egress).await.unwrap().peer_addr().unwrap(), alive);
    let addresses = admit(&[dead, dead], Network::Local, &egress).unwrap();
    assert!(matches!(dial_first(&addresses, &egress).await, Err(ConnectError::Dial(_))));
    assert!(matches!(dial_first(&[], &egress).await, Err(ConnectError::NoAddress)));
}

#[tokio::test]
async fn a_connection_that_comes_out_at_our_own_listener_is_given_up() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let admitted = admit(&[address], Network::Local, &Egress::new()).unwrap();
    let egress = Egress::new();
    egress.set_listeners(vec![(Ipv4Addr::UNSPECIFIED, address.port()).into()]);
    let dialled = dial_first(&admitted, &Arc::new(egress)).await;
    assert!(matches!(dialled, Err(ConnectError::Barred(Barred::Own(own))) if own == address));
}
