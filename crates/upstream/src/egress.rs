//! What all providers share on the way out: the TLS configuration, and where we listen ourselves.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, OnceLock},
};

use rustls::{
    ClientConfig, ConfigBuilder, WantsVerifier,
    crypto::aws_lc_rs,
    pki_types::{
        CertificateDer,
        pem::{self, PemObject},
    },
};
use rustls_platform_verifier::BuilderVerifierExt;
use url::Host;

use crate::{BaseUrl, pinned::Pinned};

/// The shared half of every [`Client`](crate::Client).
#[derive(Debug)]
pub struct Egress {
    tls: Result<Arc<ClientConfig>, rustls::Error>,
    listeners: OnceLock<Vec<SocketAddr>>,
}

impl Egress {
    /// Loads the certificates that the operating system trusts.
    ///
    /// A machine that has none can still reach its local providers over http: the fault comes with the first
    /// https connection.
    #[must_use]
    pub fn new() -> Self {
        Self::with_tls(tls_of_the_platform())
    }

    /// Trusts one certificate and no other: the first in `certificates`, which are PEM.
    ///
    /// Neither its issuer nor the names and dates in it count, only that the server holds its key.
    ///
    /// # Errors
    ///
    /// Fails when there is no certificate in `certificates`.
    pub fn pinned(certificates: &[u8]) -> Result<Self, pem::Error> {
        let certificate = CertificateDer::from_pem_slice(certificates)?;
        Ok(Self::with_tls(tls_pinned_to(certificate)))
    }

    fn with_tls(tls: Result<ClientConfig, rustls::Error>) -> Self {
        let tls = tls.map(|mut config| {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Arc::new(config)
        });
        Self { tls, listeners: OnceLock::new() }
    }

    /// Says where this process listens, once that is known: no provider is ever reached there.
    ///
    /// Listeners are bound once in the life of a process, so only the first call counts.
    pub fn set_listeners(&self, listeners: Vec<SocketAddr>) {
        self.listeners.get_or_init(|| listeners);
    }

    pub(crate) fn tls(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        self.tls.clone()
    }

    /// Whether `address` is one of our own listeners.
    pub(crate) fn is_own(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.listeners_on(address.port()).any(|own| {
            own == ip || (own.is_unspecified() && (ip.is_loopback() || ip.is_unspecified()))
        })
    }

    /// Whether `base_url` shows by itself that it leads to one of our own listeners.
    ///
    /// Other names can lead there too, which shows at each connection.
    #[must_use]
    pub fn leads_back(&self, base_url: &BaseUrl) -> bool {
        let is_own = |ip: IpAddr| self.is_own((ip, base_url.port()).into());
        match base_url.typed_host() {
            Host::Ipv4(address) => is_own(IpAddr::V4(*address)),
            Host::Ipv6(address) => is_own(IpAddr::V6(*address)),
            Host::Domain(name) => {
                let name = name.trim_end_matches('.');
                (name == "localhost" || name.ends_with(".localhost"))
                    && [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
                        .into_iter()
                        .any(is_own)
            }
        }
    }

    /// Whether a connection to `peer` that left from `local` has come out at one of our own listeners.
    ///
    /// Only a connection to one of this machine's own addresses begins and ends at the same one, which is how
    /// a listener on every address is recognised.
    pub(crate) fn is_loop(&self, local: SocketAddr, peer: SocketAddr) -> bool {
        let same_machine = local.ip().to_canonical() == peer.ip().to_canonical();
        same_machine && self.listeners_on(peer.port()).any(|own| own.is_unspecified())
    }

    fn listeners_on(&self, port: u16) -> impl Iterator<Item = IpAddr> {
        let listeners = self.listeners.get().map_or(&[][..], Vec::as_slice);
        listeners.iter().filter(move |own| own.port() == port).map(|own| own.ip().to_canonical())
    }
}

impl Default for Egress {
    fn default() -> Self {
        Self::new()
    }
}

fn tls_of_the_platform() -> Result<ClientConfig, rustls::Error> {
    Ok(tls()?.with_platform_verifier()?.with_no_client_auth())
}

fn tls_pinned_to(certificate: CertificateDer<'static>) -> Result<ClientConfig, rustls::Error> {
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    let verifier = Arc::new(Pinned::new(certificate, algorithms));
    Ok(tls()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn tls() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
}

#[cfg(test)]
impl Egress {
    /// Trusts one certificate and no other.
    pub(crate) fn trusting(root: CertificateDer<'static>) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(root).unwrap();
        Self::with_tls(Ok(tls().unwrap().with_root_certificates(roots).with_no_client_auth()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Network, parse_base_url};

    fn listening_on(listener: &str) -> Egress {
        let egress = Egress::with_tls(Err(rustls::Error::General("unused".into())));
        egress.set_listeners(vec![listener.parse().unwrap()]);
        egress
    }

    fn is_own(listener: &str, address: &str) -> bool {
        listening_on(listener).is_own(address.parse().unwrap())
    }

    #[test]
    fn a_listener_is_its_address_and_port() {
        assert!(is_own("127.0.0.1:8000", "127.0.0.1:8000"));
        assert!(is_own("127.0.0.1:8000", "[::ffff:127.0.0.1]:8000"));
        assert!(!is_own("127.0.0.1:8000", "127.0.0.1:8001"));
        assert!(!is_own("127.0.0.1:8000", "10.0.0.1:8000"));
        assert!(!Egress::new().is_own("127.0.0.1:8000".parse().unwrap()));
    }

    #[test]
    fn a_listener_on_every_address_is_all_of_this_machine() {
        for address in ["127.0.0.1:8000", "127.9.9.9:8000", "[::1]:8000", "0.0.0.0:8000"] {
            assert!(is_own("0.0.0.0:8000", address), "{address}");
            assert!(is_own("[::]:8000", address), "{address}");
        }
        assert!(!is_own("0.0.0.0:8000", "127.0.0.1:11434"));
    }

    #[test]
    fn a_base_url_may_show_where_it_leads() {
        let leads_back = |listener, host: &str| {
            let base_url = parse_base_url(&format!("http://{host}/v1"), Network::Local).unwrap();
            listening_on(listener).leads_back(&base_url)
        };
        for listener in ["127.0.0.1:8000", "0.0.0.0:8000", "[::]:8000"] {
            for host in [
                "127.0.0.1",
                "127.1",
                "[::ffff:127.0.0.1]",
                "localhost",
                "LOCALHOST.",
                "api.localhost",
            ] {
                assert!(leads_back(listener, &format!("{host}:8000")), "{listener} {host}");
                assert!(!leads_back(listener, &format!("{host}:8001")), "{listener} {host}");
            }
            assert!(!leads_back(listener, "localhost.example:8000"));
            assert!(!leads_back(listener, "192.168.1.5:8000"));
        }
        assert!(leads_back("[::1]:80", "localhost"));
        assert!(leads_back("192.168.1.5:8000", "192.168.1.5:8000"));
    }

    #[test]
    fn what_holds_no_certificate_can_not_be_pinned() {
        assert!(Egress::pinned(b"").is_err());
    }

    #[test]
    fn a_connection_that_comes_back_to_this_machine_is_a_loop() {
        let is_loop = |listener, local: &str, peer: &str| {
            listening_on(listener).is_loop(local.parse().unwrap(), peer.parse().unwrap())
        };
        assert!(is_loop("0.0.0.0:8000", "192.168.1.5:50000", "192.168.1.5:8000"));
        assert!(!is_loop("0.0.0.0:8000", "192.168.1.5:50000", "192.168.1.6:8000"));
        assert!(!is_loop("0.0.0.0:8000", "192.168.1.5:50000", "192.168.1.5:11434"));
        assert!(!is_loop("192.168.1.9:8000", "192.168.1.5:50000", "192.168.1.5:8000"));
    }
}
