//! A provider that plays a script: what it is asked is recorded, what it answers is exact to the byte.
//!
//! ```
//! use testkit::scripted::{Answer, End, ScriptedProvider};
//!
//! // One answer for every request:
//! let provider = ScriptedProvider::always(Answer::json(200, r#"{"models":[]}"#));
//! let base_url = provider.url(); // http://127.0.0.1:PORT
//!
//! // One answer after another, the second a stream that breaks off:
//! let provider = ScriptedProvider::queue([
//!     Answer::json(429, "{}").header("retry-after", "2"),
//!     Answer::stream("text/event-stream", ["data: 1\n\n", "data: 2\n\n"]).ending(End::Reset),
//! ]);
//!
//! // Whatever the request asks for:
//! let provider = ScriptedProvider::start(|request| match request.target.as_str() {
//!     "/v1/models" => Answer::json(200, r#"{"data":[]}"#),
//!     _ => Answer::json(404, "{}"),
//! });
//! assert_eq!(provider.calls(), 0);
//! ```
//!
//! It speaks plain HTTP/1.1 with keep-alive on a port of its own and lives until it is dropped; then the port
//! refuses connections. It runs on its own thread, so that it serves blocking and async tests alike.

mod answer;
mod connection;
mod request;

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
};

pub use answer::{Answer, Body, End};
pub use request::RecordedRequest;

/// A running scripted provider.
#[derive(Debug)]
pub struct ScriptedProvider {
    address: SocketAddr,
    stage: Arc<Stage>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ScriptedProvider {
    /// Starts a provider that answers each request with what `script` makes of it.
    ///
    /// # Panics
    ///
    /// When no loopback port can be bound.
    #[expect(clippy::expect_used, reason = "a test can't go on without its provider")]
    pub fn start(script: impl Fn(&RecordedRequest) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        listener.set_nonblocking(true).expect("a non-blocking listener");
        let address = listener.local_addr().expect("the listener's address");
        let stage = Arc::new(Stage::new(script));
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime for the scripted provider");
        let accepting = accept(listener, Arc::clone(&stage), stopped);
        let thread = std::thread::spawn(move || runtime.block_on(accepting));
        Self { address, stage, stop: Some(stop), thread: Some(thread) }
    }

    /// Starts a provider that gives the same answer to every request.
    #[must_use]
    pub fn always(answer: Answer) -> Self {
        Self::start(move |_| answer.clone())
    }

    /// Starts a provider that gives each answer once, in order, and status 599 when there are none left.
    pub fn queue(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
        Self::start(move |_| {
            locked(&answers).pop_front().unwrap_or_else(|| {
                Answer::json(599, r#"{"error":"the script has no more answers"}"#)
            })
        })
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

    /// Every request so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        locked(&self.stage.requests).clone()
    }

    /// How many requests have come so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        locked(&self.stage.requests).len()
    }

    /// How many connections have been accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.stage.tally.borrow().connections
    }

    /// How many connections the client has closed so far, between requests or in the middle of an answer.
    #[must_use]
    pub fn disconnects(&self) -> usize {
        self.stage.tally.borrow().disconnects
    }

    /// How many bytes of chunked bodies have been handed to the system to be sent so far.
    #[must_use]
    pub fn sent_bytes(&self) -> usize {
        self.stage.tally.borrow().sent_bytes
    }

    /// Waits until at least `count` requests have come.
    pub async fn wait_for_calls(&self, count: usize) {
        self.wait_until(|tally| tally.calls >= count).await;
    }

    /// Waits until the client has closed at least `count` connections.
    pub async fn wait_for_disconnects(&self, count: usize) {
        self.wait_until(|tally| tally.disconnects >= count).await;
    }

    async fn wait_until(&self, reached: impl FnMut(&Tally) -> bool) {
        // The sender lives in `self`, so the wait can't end early.
        let _ = self.stage.tally.subscribe().wait_for(reached).await;
    }
}

impl Drop for ScriptedProvider {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A script that panicked has failed its connection, and with it the test, already.
            let _ = thread.join();
        }
    }
}

type Script = dyn Fn(&RecordedRequest) -> Answer + Send + Sync;

/// What the connections of one provider share.
struct Stage {
    script: Box<Script>,
    requests: Mutex<Vec<RecordedRequest>>,
    tally: watch::Sender<Tally>,
}

impl Stage {
    fn new(script: impl Fn(&RecordedRequest) -> Answer + Send + Sync + 'static) -> Self {
        let tally = watch::Sender::new(Tally::default());
        Self { script: Box::new(script), requests: Mutex::default(), tally }
    }

    fn answer(&self, request: RecordedRequest) -> Answer {
        locked(&self.requests).push(request.clone());
        self.tally.send_modify(|tally| tally.calls += 1);
        (self.script)(&request)
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Stage").field("tally", &*self.tally.borrow()).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Tally {
    calls: usize,
    connections: usize,
    disconnects: usize,
    sent_bytes: usize,
}

/// Serves connections until `stopped`; the listener and every connection close with it.
#[expect(clippy::expect_used, reason = "the listener was made non-blocking just before")]
async fn accept(listener: TcpListener, stage: Arc<Stage>, mut stopped: oneshot::Receiver<()>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            Ok((stream, _)) = listener.accept() => {
                stage.tally.send_modify(|tally| tally.connections += 1);
                connections.spawn(connection::serve(stream, Arc::clone(&stage)));
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{ErrorKind, Read, Write},
        net::TcpStream,
        time::Duration,
    };

    use super::*;

    const REQUEST: &[u8] = b"POST /v1/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";

    fn dial(provider: &ScriptedProvider) -> std::io::Result<TcpStream> {
        TcpStream::connect_timeout(&provider.address(), Duration::from_secs(5))
    }

    /// Sends one request and reads until the provider ends the connection.
    fn exchange(answer: Answer) -> (String, std::io::Result<usize>) {
        let provider = ScriptedProvider::always(answer);
        let mut stream = dial(&provider).unwrap();
        stream.write_all(REQUEST).unwrap();
        let mut received = Vec::new();
        let end = stream.read_to_end(&mut received);
        (String::from_utf8(received).unwrap(), end)
    }

    #[test]
    fn records_every_request_of_a_kept_connection() {
        let provider = ScriptedProvider::queue([Answer::json(200, "[1]")]);
        let mut stream = dial(&provider).unwrap();
        stream.write_all(&REQUEST.repeat(2)).unwrap();
        let mut received = String::new();
        while !received.ends_with("no more answers\"}") {
            let mut piece = [0; 1024];
            let count = stream.read(&mut piece).unwrap();
            assert_ne!(count, 0, "closed after {received}");
            received.push_str(std::str::from_utf8(&piece[..count]).unwrap());
        }
        let first =
            "HTTP/1.1 200 \r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n[1]";
        assert!(received.starts_with(first), "{received}");
        let request = &provider.requests()[1];
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v1/chat"));
        assert_eq!(request.header("HOST"), Some("x"));
        assert_eq!(request.json(), serde_json::json!({}));
        assert_eq!((provider.calls(), provider.connections()), (2, 1));
    }

    #[test]
    fn cut_closes_before_the_last_chunk() {
        let (received, end) = exchange(Answer::stream("text/plain", ["ab"]).ending(End::Cut));
        assert!(received.ends_with("chunked\r\n\r\n2\r\nab\r\n"), "{received}");
        assert!(end.is_ok());
    }

    #[test]
    fn reset_is_an_error_at_the_client() {
        let (_, end) = exchange(Answer::new(200, "ab").ending(End::Reset));
        assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }

    #[test]
    fn raw_bytes_are_sent_as_they_are() {
        assert_eq!(exchange(Answer::raw("nonsense")).0, "nonsense");
    }

    #[tokio::test]
    async fn a_client_that_hangs_up_is_noticed() {
        let provider = ScriptedProvider::always(Answer::silence());
        let mut stream = dial(&provider).unwrap();
        stream.write_all(REQUEST).unwrap();
        provider.wait_for_calls(1).await;
        assert_eq!(provider.disconnects(), 0);
        drop(stream);
        provider.wait_for_disconnects(1).await;
    }

    #[test]
    fn dropped_it_refuses_connections() {
        let provider = ScriptedProvider::always(Answer::silence());
        let address = provider.address();
        drop(provider);
        let refused = TcpStream::connect_timeout(&address, Duration::from_secs(5));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}
