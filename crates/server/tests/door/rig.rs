//! A door with a few routes, and a client that sends any bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, StatusCode};
use keys::Caller;
use serde_json::{Value, json};
use server::{
    Access, Authenticate, Call, Door, Drained, HostName, Hosts, Limits, Listen, Response, Route,
    Router, Settings, Tls, response,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The one valid key.
pub const KEY: &str = "correct-horse-battery";

/// A running door.
pub struct Rig {
    pub address: SocketAddr,
    pub hosts: Arc<Hosts>,
    /// Methods and paths that reached a handler, in order.
    pub calls: Arc<Mutex<Vec<String>>>,
    /// `/gated` has been called, and may answer.
    pub entered: Arc<Notify>,
    pub gate: Arc<Notify>,
    pub last_call: CancellationToken,
    stop: CancellationToken,
    running: JoinHandle<Drained>,
}

#[derive(Default)]
pub struct Plan {
    pub limits: Limits,
    pub hosts: Vec<&'static str>,
    pub tls: Option<Arc<Tls>>,
}

pub struct OneKey;

impl Authenticate for OneKey {
    fn authenticate(&self, key: &str) -> Option<Arc<Caller>> {
        (key == KEY).then(|| Arc::new(Caller::admin()))
    }
}

impl Rig {
    pub async fn open() -> Self {
        Self::with(Plan::default()).await
    }

    pub async fn with(plan: Plan) -> Self {
        let listen = vec![Listen { address: ([127, 0, 0, 1], 0).into(), tls: plan.tls }];
        let hosts = plan.hosts.iter().map(|host| host.parse::<HostName>().unwrap()).collect();
        let door = Door::bind(Settings { listen, hosts, limits: plan.limits }).await.unwrap();
        let (address, hosts) = (door.addresses()[0], door.hosts());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (entered, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let routes = routes(&calls, &entered, &gate);
        let router = Arc::new(Router::new(routes, Arc::new(OneKey)).unwrap());
        let (stop, last_call) = (CancellationToken::new(), door.last_call());
        let running = TaskTracker::new().spawn(door.run(router, stop.clone()));
        Self { address, hosts, calls, entered, gate, last_call, stop, running }
    }

    pub async fn connect(&self) -> Client<TcpStream> {
        Client::new(connect(self.address).await)
    }

    /// Sends one request on a connection of its own.
    pub async fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut client = self.connect().await;
        let method = if request.as_ref().starts_with(b"HEAD ") { "HEAD" } else { "GET" };
        client.send(request).await;
        client.answer_to(method).await.expect("an answer")
    }

    /// Head lines of a request that passes every check, up to its last header.
    pub fn head(&self, method_and_path: &str) -> String {
        format!("{method_and_path} HTTP/1.1\r\nhost: {}\r\nx-api-key: {KEY}\r\n", self.address)
    }

    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    pub fn begin_stop(&self) {
        self.stop.cancel();
    }

    pub async fn stopped(self) -> Drained {
        self.running.await.unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "tests are the downstream client")]
pub async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

fn routes(
    calls: &Arc<Mutex<Vec<String>>>,
    entered: &Arc<Notify>,
    gate: &Arc<Notify>,
) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut add = |method: &Method, path: &'static str, access, handler: fn(Call) -> Answering| {
        let calls = Arc::clone(calls);
        let wrapped = move |call: Call| {
            calls.lock().unwrap().push(format!("{} {path}", call.method));
            handler(call)
        };
        routes.push(Route::new(method.clone(), path, access, wrapped));
    };
    add(&Method::GET, "/open", Access::Open, |_| ready(ok("open")));
    add(&Method::POST, "/open", Access::Open, |_| ready(ok("posted")));
    add(&Method::GET, "/page", Access::Shell, |_| ready(ok("page")));
    add(&Method::GET, "/assets/{*path}", Access::Open, |_| ready(ok("asset")));
    add(&Method::GET, "/things", Access::Key, |_| ready(ok("things")));
    add(&Method::GET, "/things/{name}", Access::Key, |call| {
        ready(ok(call.param("name").unwrap_or("no name")))
    });
    add(&Method::DELETE, "/things/{name}", Access::Key, |_| ready(ok("deleted")));
    add(&Method::GET, "/things/special", Access::Key, |_| ready(ok("the literal")));
    add(&Method::POST, "/echo", Access::Key, |call| Box::pin(echo(call)));
    add(&Method::POST, "/deaf", Access::Key, |_| ready(ok("did not listen")));
    add(&Method::GET, "/panic", Access::Key, |_| Box::pin(async { panic!("on purpose") }));
    add(&Method::GET, "/panic-at-once", Access::Key, |_| panic!("on purpose"));
    add(&Method::GET, "/busy", Access::Key, |_| {
        ready(response::detail(StatusCode::TOO_MANY_REQUESTS, "later"))
    });
    add(&Method::GET, "/large", Access::Key, |_| {
        let content = Bytes::from(vec![b'x'; 64 << 20]);
        ready(response::bytes(StatusCode::OK, "application/octet-stream", content))
    });
    add(&Method::GET, "/breaks", Access::Key, |_| ready(breaks()));
    let (entered, gate) = (Arc::clone(entered), Arc::clone(gate));
    routes.push(Route::new(Method::GET, "/gated", Access::Key, move |_| {
        let (entered, gate) = (Arc::clone(&entered), Arc::clone(&gate));
        async move {
            entered.notify_one();
            gate.notified().await;
            ok("through the gate")
        }
    }));
    routes
}

type Answering = server::Answering;

fn ready(response: Response) -> Answering {
    Box::pin(async { response })
}

fn ok(text: &str) -> Response {
    response::json(StatusCode::OK, &json!({ "ok": text }))
}

async fn echo(mut call: Call) -> Response {
    match call.body(1000).await {
        Ok(body) => response::bytes(StatusCode::OK, "application/octet-stream", body),
        Err(error) => error.into(),
    }
}

/// A stream that sends one piece and fails.
fn breaks() -> Response {
    struct Pieces(Vec<Result<&'static str, &'static str>>);
    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = &'static str;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, &'static str>>> {
            let piece = self.0.pop();
            std::task::Poll::Ready(
                piece.map(|piece| piece.map(|data| http_body::Frame::data(data.into()))),
            )
        }
    }
    let pieces = Pieces(vec![Err("the provider went away"), Ok("first")]);
    response::stream(StatusCode::OK, "text/event-stream", pieces)
}

/// A connection from the client's side.
pub struct Client<S> {
    pub stream: S,
    received: Vec<u8>,
}

/// One answer as it was received.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, received: Vec::new() }
    }

    /// Sends bytes; that the other side has hung up meanwhile shows when reading.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// The next answer, or None when the connection ends before.
    pub async fn answer(&mut self) -> Option<Answer> {
        self.answer_to("GET").await
    }

    pub async fn answer_to(&mut self, method: &str) -> Option<Answer> {
        let head = loop {
            match self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break self.received.drain(..end + 4).collect::<Vec<u8>>(),
                None => self.more().await?,
            }
        };
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status_line = lines.next().unwrap();
        let status = status_line.split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        if method == "HEAD" || status == 100 {
            return Some(answer);
        }
        let length: usize = answer.header("content-length").expect("a length").parse().unwrap();
        while self.received.len() < length {
            self.more().await?;
        }
        answer.body = self.received.drain(..length).collect();
        Some(answer)
    }

    /// Reads until the connection ends, and says whether it was reset.
    pub async fn is_reset(&mut self) -> bool {
        self.stream.read_to_end(&mut self.received).await.is_err()
    }

    /// Everything until the connection ends.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.more().await.is_some() {}
        std::mem::take(&mut self.received)
    }

    async fn more(&mut self) -> Option<()> {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes).await {
            Ok(length @ 1..) => {
                self.received.extend_from_slice(&bytes[..length]);
                Some(())
            }
            Ok(0) | Err(_) => None,
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other == name);
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "{name} came twice");
        Some(value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The sentence of an error.
    pub fn detail(&self) -> String {
        self.json()["detail"].as_str().expect("a detail").to_owned()
    }
}
