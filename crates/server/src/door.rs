//! The listeners: accepts connections until told to stop, then lets them finish.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::front::Front;
use crate::{HostName, Hosts, Limits, Router, Tls, connection};

/// What the door is made of.
#[derive(Debug, Default)]
pub struct Settings {
    /// Where to listen.
    pub listen: Vec<Listen>,
    /// The host names served beside the listening addresses.
    pub hosts: Vec<HostName>,
    /// How long and how large things may get.
    pub limits: Limits,
}

/// One address to listen on.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    /// Plain HTTP without.
    pub tls: Option<Arc<Tls>>,
}

/// How a connection is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// Bound listeners.
#[derive(Debug)]
pub struct Door {
    listeners: Vec<Listener>,
    hosts: Arc<Hosts>,
    limits: Arc<Limits>,
    last_call: CancellationToken,
}

/// How long answers have for their last words before they are cut off.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How the door closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Each answer in progress came to its end.
    Complete,
    /// So many connections were still open after [`Limits::drain`] and were cut.
    Cut(usize),
}

/// An address could not be listened on.
#[derive(Debug, Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

#[derive(Debug)]
struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
}

/// How long to hold off when a connection cannot be accepted, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl Door {
    /// Binds every address, or none.
    ///
    /// # Errors
    ///
    /// Fails when an address is taken, or not ours to listen on.
    pub async fn bind(settings: Settings) -> Result<Self, BindError> {
        let mut listeners = Vec::new();
        for Listen { address, tls } in settings.listen {
            let bound = TcpListener::bind(address)
                .await
                .and_then(|socket| Ok(Listener { address: socket.local_addr()?, socket, tls }));
            listeners.push(bound.map_err(|source| BindError { address, source })?);
        }
        let addresses = listeners.iter().map(|listener| listener.address).collect();
        let hosts = Arc::new(Hosts::new(addresses, &settings.hosts));
        let limits = Arc::new(settings.limits);
        Ok(Self { listeners, hosts, limits, last_call: CancellationToken::new() })
    }

    /// Where the door listens, in the order of the settings, with the real ports.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|listener| listener.address).collect()
    }

    /// The served host names, to be replaced when the configuration is reloaded.
    pub fn hosts(&self) -> Arc<Hosts> {
        Arc::clone(&self.hosts)
    }

    /// Cancelled shortly before the answers that are still in progress are cut off, so that they can say so.
    pub fn last_call(&self) -> CancellationToken {
        self.last_call.clone()
    }

    /// Answers requests until `stop` is cancelled; then accepts no more, ends idle connections, and
    /// waits for the answers in progress, at most [`Limits::drain`].
    pub async fn run(self, router: Arc<Router>, stop: CancellationToken) -> Drained {
        let limits = self.limits;
        let front = Front { router, hosts: self.hosts, limits: Arc::clone(&limits) };
        let room = Arc::new(Semaphore::new(limits.connections));
        let cut = CancellationToken::new();
        let tasks = TaskTracker::new();
        for listener in self.listeners {
            let (stop, cut) = (stop.clone(), cut.clone());
            let work = accept(listener, front.clone(), Arc::clone(&room), tasks.clone(), stop, cut);
            tasks.spawn(work);
        }
        stop.cancelled().await;
        tasks.close();
        if timeout(limits.drain.saturating_sub(LAST_WORDS), tasks.wait()).await.is_ok() {
            return Drained::Complete;
        }
        let left = tasks.len();
        self.last_call.cancel();
        let _said_so_or_not = timeout(LAST_WORDS, tasks.wait()).await;
        cut.cancel();
        tasks.wait().await;
        Drained::Cut(left)
    }
}

async fn accept(
    listener: Listener,
    front: Front,
    room: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
    cut: CancellationToken,
) {
    while let Some(Some((socket, peer, permit))) =
        stop.run_until_cancelled(next(&listener.socket, &room)).await
    {
        let (tls, front) = (listener.tls.clone(), front.clone());
        let (stop, cut) = (stop.clone(), cut.clone());
        tasks.spawn(async move {
            let _permit = permit;
            cut.run_until_cancelled(connection::serve(socket, peer, tls, front, stop)).await;
        });
    }
}

/// The next connection, once there is room for it.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    // Closed never: the semaphore lives as long as its listeners.
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => return Some((socket, peer, permit)),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
