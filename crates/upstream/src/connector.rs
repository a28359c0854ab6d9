//! Opens a connection to one provider: resolve, guard, dial, verify the peer, TLS.

use std::{
    io,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Scheme};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};
use tokio_rustls::TlsConnector;
use tower_service::Service;
use url::Host;

use crate::{
    BaseUrl, Egress, Network,
    guard::{Admitted, Barred, admit},
    resolver::Resolver,
    stream::Stream,
    watched,
};

/// How long one address may keep the next from being tried beside it.
const HEAD_START: Duration = Duration::from_millis(300);

/// Ends a dial whose caller went on with a pooled connection and waits no more.
const ABANDONED_LIMIT: Duration = Duration::from_secs(60);

/// Why there is no connection. The texts are for the log: they hold addresses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("asked to connect to {0}, which is not this provider's origin")]
    WrongOrigin(Uri),
    #[error("the name did not resolve: {0}")]
    Lookup(io::Error),
    #[error("the name has no address")]
    NoAddress,
    #[error(transparent)]
    Barred(#[from] Barred),
    #[error("connect failed: {0}")]
    Dial(io::Error),
    #[error("connected to another address than the one that was checked")]
    WrongPeer,
    #[error("no TLS configuration: {0}")]
    NoTls(rustls::Error),
    #[error("TLS failed: {0}")]
    Tls(io::Error),
    #[error("nothing came of the connection within {ABANDONED_LIMIT:?}")]
    Abandoned,
}

/// Connects to the origin of one base URL, and to nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Connector(Arc<Destination>);

#[derive(Debug)]
struct Destination {
    base_url: BaseUrl,
    network: Network,
    egress: Arc<Egress>,
    resolver: Resolver,
}

impl Connector {
    pub(crate) fn new(base_url: BaseUrl, network: Network, egress: Arc<Egress>) -> Self {
        Self(Arc::new(Destination { base_url, network, egress, resolver: Resolver::new() }))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let destination = Arc::clone(&self.0);
        Box::pin(async move {
            let connecting = timeout(ABANDONED_LIMIT, destination.connect(uri));
            connecting.await.unwrap_or(Err(ConnectError::Abandoned)).map(TokioIo::new)
        })
    }
}

impl Destination {
    async fn connect(&self, uri: Uri) -> Result<Stream, ConnectError> {
        let (scheme, authority) = (self.base_url.scheme(), self.base_url.authority());
        if uri.scheme() != Some(scheme) || uri.authority() != Some(authority) {
            return Err(ConnectError::WrongOrigin(uri));
        }
        let (host, port) = (self.base_url.typed_host(), self.base_url.port());
        let answers = self.resolver.resolve(host, port).await.map_err(ConnectError::Lookup)?;
        let admitted = admit(&answers, self.network, &self.egress)?;
        let stream = dial_first(&admitted, &self.egress).await?;
        if *scheme == Scheme::HTTP {
            return Ok(Stream::new(stream));
        }
        self.secure(stream).await
    }

    async fn secure(&self, stream: TcpStream) -> Result<Stream, ConnectError> {
        let config = self.egress.tls().map_err(ConnectError::NoTls)?;
        let name = server_name(self.base_url.typed_host())?;
        let connecting = TlsConnector::from(config).connect(name, stream);
        connecting.await.map(Stream::new).map_err(ConnectError::Tls)
    }
}

/// Whom the certificate must name.
fn server_name(host: &Host<String>) -> Result<ServerName<'static>, ConnectError> {
    match host {
        Host::Ipv4(address) => Ok(IpAddr::V4(*address).into()),
        Host::Ipv6(address) => Ok(IpAddr::V6(*address).into()),
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|error| ConnectError::Tls(io::Error::other(error))),
    }
}

/// The first connection that succeeds. Each address gets a head start on the next, so that a dead one costs that
/// much and not a whole connect timeout.
async fn dial_first(
    addresses: &[Admitted],
    egress: &Arc<Egress>,
) -> Result<TcpStream, ConnectError> {
    let mut waiting = addresses.iter();
    let mut dialling = JoinSet::new();
    let mut failure = ConnectError::NoAddress;
    loop {
        if let Some(address) = waiting.next() {
            dialling.spawn(dial(*address, Arc::clone(egress)));
        }
        tokio::select! {
            Some(dialled) = dialling.join_next() => match dialled {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failure = error,
                Err(error) => failure = ConnectError::Dial(error.into()),
            },
            () = tokio::time::sleep(HEAD_START), if waiting.len() > 0 => {}
            else => return Err(failure),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that dials out, to an address that the guard admitted"
)]
async fn dial(address: Admitted, egress: Arc<Egress>) -> Result<TcpStream, ConnectError> {
    let address = address.address();
    let stream = TcpStream::connect(address).await.map_err(ConnectError::Dial)?;
    let peer = stream.peer_addr().map_err(ConnectError::Dial)?;
    let local = stream.local_addr().map_err(ConnectError::Dial)?;
    if (peer.ip(), peer.port()) != (address.ip(), address.port()) {
        return Err(ConnectError::WrongPeer);
    }
    if egress.is_loop(local, peer) {
        return Err(Barred::Own(peer).into());
    }
    stream.set_nodelay(true).map_err(ConnectError::Dial)?;
    watched::watch(&stream).map_err(ConnectError::Dial)?;
    Ok(stream)
}

#[cfg(test)]
mod tests;
