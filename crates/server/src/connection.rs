//! One connection: from the handshake to its last byte.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::exchange::Exchange;
use crate::front::{Downstream, Front};
use crate::strict_stream::{Socket, StrictStream};
use crate::{Scheme, Tls};

/// Serves one accepted socket. Once `draining` is cancelled it ends after the answer in progress.
pub(crate) async fn serve(
    socket: TcpStream,
    peer: SocketAddr,
    tls: Option<Arc<Tls>>,
    front: Front,
    draining: CancellationToken,
) {
    // Events of a stream are small and must not wait for one another. A socket that refuses this is
    // already dead, and is found out below.
    let _ = socket.set_nodelay(true);
    match tls {
        None => serve_http(socket, peer, Scheme::Http, front, draining).await,
        Some(tls) => {
            let handshake = TlsAcceptor::from(tls.config()).accept(socket);
            match timeout(front.limits.handshake, handshake).await {
                Ok(Ok(stream)) => serve_http(stream, peer, Scheme::Https, front, draining).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "handshake failed"),
                Err(_) => tracing::debug!(%peer, "handshake took too long"),
            }
        }
    }
}

async fn serve_http<S>(
    stream: S,
    peer: SocketAddr,
    scheme: Scheme,
    front: Front,
    draining: CancellationToken,
) where
    S: Socket,
{
    let exchange = Arc::new(Exchange::default());
    let stream = StrictStream::new(stream, Arc::clone(&exchange), Arc::clone(&front.limits));
    let most_headers = front.limits.headers;
    let downstream = Downstream { peer, scheme, exchange };
    let service = service_fn(|request| {
        let (front, downstream) = (front.clone(), downstream.clone());
        async move { Ok::<_, Infallible>(front.answer(request, &downstream).await) }
    });
    // Deadlines are StrictStream's, which knows a silent client from a patient one.
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_headers(most_headers)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let mut draining = std::pin::pin!(draining.cancelled());
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = draining.as_mut() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "connection broke");
    }
}
