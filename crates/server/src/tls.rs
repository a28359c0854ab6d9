//! The certificate that a listener shows, and its key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use thiserror::Error;

/// TLS 1.2 and 1.3 with a certificate and key from PEM files.
#[derive(Debug)]
pub struct Tls {
    certificates: PathBuf,
    key: PathBuf,
    config: ArcSwap<ServerConfig>,
}

/// A certificate and its key, read once more and found to fit.
#[derive(Debug)]
pub struct ReadAgain(ServerConfig);

/// Why certificate and key could not be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file is missing or not PEM.
    #[error("cannot read {path} as PEM: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: pem::Error,
    },
    /// They do not fit each other, or are of a kind that is not served.
    #[error("cannot serve the certificate in {path}: {source}", path = path.display())]
    Unfit {
        /// The certificate's file.
        path: PathBuf,
        /// What went wrong.
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads the certificate chain, leaf first, and its key.
    ///
    /// # Errors
    ///
    /// Fails when a file cannot be read, or when the two do not fit.
    pub fn load(certificates: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let config = ArcSwap::from_pointee(read(&certificates, &key)?);
        Ok(Self { certificates, key, config })
    }

    /// Reads both files again, and changes nothing yet.
    ///
    /// # Errors
    ///
    /// Fails as [`Tls::load`] does.
    pub fn read_again(&self) -> Result<ReadAgain, TlsError> {
        read(&self.certificates, &self.key).map(ReadAgain)
    }

    /// Shows what was read again, on the connections from now on.
    pub fn take_over(&self, read: ReadAgain) {
        self.config.store(read.0.into());
    }

    /// Reads both files again, for the connections from now on. On failure the old ones stay.
    ///
    /// # Errors
    ///
    /// Fails as [`Tls::load`] does.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.read_again().map(|read| self.take_over(read))
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.config.load_full()
    }
}

fn read(certificates: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let unread = |path: &Path| {
        let path = path.to_owned();
        |source| TlsError::Read { path, source }
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect)
        .map_err(unread(certificates))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(unread(key))?;
    configure(chain, key)
        .map_err(|source| TlsError::Unfit { path: certificates.to_owned(), source })
}

fn configure(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
