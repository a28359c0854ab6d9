//! A provider that fails on command, under load, and keeps its own account of what it was asked and gave.
//!
//! ```
//! use testkit::faulty::{Ending, Fault, FaultyProvider, Pace, Speech};
//!
//! // Streams of 40 frames over two seconds:
//! let provider = FaultyProvider::start(Speech::openai(40), Pace::over_ms(2000));
//! // From now on every answer is reset after 7 frames and 3 bytes of the eighth:
//! provider.suffer(Fault::Break { frames: 7, bytes: 3, ending: Ending::Reset });
//! // And from now on all is well again:
//! provider.suffer(Fault::None);
//! assert_eq!(provider.account().attempts.len(), 0);
//! ```
//!
//! It speaks plain HTTP/1.1 with keep-alive on a port of its own, which it keeps even while it is dark, and lives
//! until it is dropped. It runs on a thread of its own named `provider`, and spends little on a frame: its answers
//! are put together once. A request that carries [`tag`] in any text of its body is known in the account by that.

mod account;
mod connection;
mod date;
mod fault;
mod speech;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
};

use account::Book;
pub use account::{Account, Attempt, Outcome};
pub use date::http_date;
pub use fault::{Ending, Fault};
pub use speech::{Pace, Speech};

/// How often a port that somebody else holds for a moment is tried again.
const PORT_PAUSE: Duration = Duration::from_millis(10);

/// The text that names a request wherever it stands in its body.
#[must_use]
pub fn tag(name: &str) -> String {
    format!("[request {name}]")
}

/// A running provider that fails on command.
#[derive(Debug)]
pub struct FaultyProvider {
    address: SocketAddr,
    stage: Arc<Stage>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the connections of one provider share.
#[derive(Debug)]
struct Stage {
    speech: Speech,
    pace: Pace,
    /// What goes wrong, and since when.
    fault: watch::Sender<(Fault, Instant)>,
    book: Book,
}

impl FaultyProvider {
    /// Starts a provider that is well.
    ///
    /// # Panics
    ///
    /// When no loopback port can be bound.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test can't go on without its provider")]
    pub fn start(speech: Speech, pace: Pace) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let address = listener.local_addr().expect("the listener's address");
        let fault = watch::Sender::new((Fault::None, Instant::now()));
        let stage = Arc::new(Stage { speech, pace, fault, book: Book::default() });
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime for the provider");
        let serving = serve(listener, address, Arc::clone(&stage), stopped);
        let thread = std::thread::Builder::new().name("provider".to_owned());
        let thread = thread.spawn(move || runtime.block_on(serving)).expect("a thread");
        Self { address, stage, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens: `http://127.0.0.1:PORT`, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The socket address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to fail in this way; requests that it is answering go on as they were, unless it goes dark.
    pub fn suffer(&self, fault: Fault) {
        self.stage.fault.send_replace((fault, Instant::now()));
    }

    /// What it was asked and what it gave, up to now.
    #[must_use]
    pub fn account(&self) -> Account {
        self.stage.book.account()
    }

    /// How many chats it was asked for so far.
    #[must_use]
    pub fn chats(&self) -> usize {
        self.stage.book.chats()
    }

    /// How many chats it is answering.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.stage.book.in_flight()
    }

    /// How many connections to it are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.stage.book.connections()
    }
}

impl Drop for FaultyProvider {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A connection that panicked has failed its test already.
            let _ = thread.join();
        }
    }
}

/// Serves connections until `stopped`, and none while it is dark.
#[expect(clippy::expect_used, reason = "a test can't go on without its provider")]
async fn serve(
    listener: TcpListener,
    address: SocketAddr,
    stage: Arc<Stage>,
    mut stopped: oneshot::Receiver<()>,
) {
    listener.set_nonblocking(true).expect("a non-blocking listener");
    let mut listener = Some(tokio::net::TcpListener::from_std(listener).expect("a listener"));
    let mut connections = JoinSet::new();
    let mut fault = stage.fault.subscribe();
    loop {
        let is_dark = fault.borrow_and_update().0.is_dark();
        listener = match (listener.take(), is_dark) {
            (Some(open), false) => Some(open),
            (None, false) => Some(listen_again(address).await),
            (_, true) => None,
        };
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = &mut stopped => return,
            _ = fault.changed() => {}
            accepted = accept => if let Ok((stream, _)) = accepted {
                connections.spawn(connection::serve(stream, Arc::clone(&stage)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Takes the port again that was given up; for a moment it may be the near end of somebody's connection.
async fn listen_again(address: SocketAddr) -> tokio::net::TcpListener {
    loop {
        match tokio::net::TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(PORT_PAUSE).await,
        }
    }
}

#[cfg(test)]
mod tests;
