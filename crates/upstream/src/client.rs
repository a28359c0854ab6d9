//! One attempt to one provider: a request out, a reply or a fault back.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use canonical::{ErrorKind, Fault};
use http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response,
    header::{
        ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, EXPECT, HOST,
        PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
    },
};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{self, connect::capture_connection},
    rt::{TokioExecutor, TokioTimer},
};

use crate::{
    BaseUrl, Deadlines, Egress, Network, Reply, ReplyBody,
    connector::Connector,
    deadlines::{Clock, Phase},
    fault, informational,
    stream::History,
};

/// Connections kept open for the next request.
const MAX_IDLE_CONNECTIONS: usize = 16;

/// Shorter than clouds keep an idle connection, so that we close it before they do.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// A server that closes a kept connection as a request comes has done so after that long; one that takes longer has
/// worked on the request.
const CROSSED_LIMIT: Duration = Duration::from_secs(1);

const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;

/// What belongs to the connection or to the framing, and is never taken from a call.
const OURS: [HeaderName; 9] = [
    HOST,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    CONNECTION,
    TE,
    TRAILER,
    UPGRADE,
    EXPECT,
    PROXY_AUTHORIZATION,
];

/// One request to a provider.
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// Path and query after the base URL; begins with a slash.
    pub target: &'a str,
    /// Headers to send. Those of the connection and the framing are set here and not taken from the call.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// How long to wait.
    pub deadlines: Deadlines,
}

/// A provider's origin with its pool of connections. Cheap to clone; clones share the pool.
#[derive(Clone, Debug)]
pub struct Client {
    base_url: BaseUrl,
    pooled: Http,
    /// Opens a connection for each request.
    unpooled: Http,
}

type Http = legacy::Client<Connector, Full<Bytes>>;

impl Client {
    /// Makes a client that reaches the origin of `base_url` and nothing else. Connects nowhere yet.
    #[must_use]
    pub fn new(base_url: &BaseUrl, network: Network, egress: Arc<Egress>) -> Self {
        let connector = Connector::new(base_url.clone(), network, egress);
        let http = |idle_connections| {
            legacy::Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(IDLE_LIMIT)
                .pool_max_idle_per_host(idle_connections)
                .http1_max_buf_size(MAX_HEAD_BYTES)
                .http1_max_headers(MAX_HEADERS)
                // Only a request of which nothing was written, on a pooled connection that turned out to be
                // closed, is sent on another one: the provider can't have seen it.
                .retry_canceled_requests(true)
                .build(connector.clone())
        };
        Self { base_url: base_url.clone(), pooled: http(MAX_IDLE_CONNECTIONS), unpooled: http(0) }
    }

    /// Sends `call` and waits for the answer's head, whatever its status.
    ///
    /// Dropping the future, or the reply, cancels the request and closes its connection.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for a target that is no path, and [`ErrorKind::Unreachable`],
    /// [`ErrorKind::Timeout`], [`ErrorKind::UpstreamFailed`] or [`ErrorKind::Malformed`] for want of an answer.
    pub async fn send(&self, call: Call<'_>) -> Result<Reply, Fault> {
        let clock = Clock::start(call.deadlines);
        let response = self.response(self.request(call)?, &clock).await?;
        refuse_large_head(response.headers())?;
        refuse_encoding(response.headers())?;
        let (head, body) = response.into_parts();
        let body = ReplyBody::new(body, clock);
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
    }

    fn request(&self, call: Call<'_>) -> Result<Request<Full<Bytes>>, Fault> {
        let uri = self
            .base_url
            .join(call.target)
            .map_err(|invalid| Fault::invalid_request(invalid.to_string()))?;
        let mut headers = call.headers;
        for name in OURS {
            headers.remove(name);
        }
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("closedpaw/", env!("CARGO_PKG_VERSION"))));
        let mut request = Request::new(Full::new(call.body));
        *request.method_mut() = call.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Sends the request, and once more by a connection of its own where it crossed with the closing of a kept one.
    /// Servers close those when they like, some after each stream and without saying so.
    async fn response(
        &self,
        request: Request<Full<Bytes>>,
        clock: &Clock,
    ) -> Result<Response<Incoming>, Fault> {
        let sent = Instant::now();
        match head(&self.pooled, request.clone(), clock).await {
            Err(Headless::Unanswered(_)) if sent.elapsed() < CROSSED_LIMIT => {
                head(&self.unpooled, request, clock).await.map_err(Headless::into_fault)
            }
            outcome => outcome.map_err(Headless::into_fault),
        }
    }
}

/// Why there is no answer's head.
enum Headless {
    /// A connection that had served before was closed, and not one byte had come back.
    Unanswered(Fault),
    /// Anything else.
    Failed(Fault),
}

impl Headless {
    fn of(error: &legacy::Error) -> Self {
        let fault = fault::of_head(error);
        let mut extras = Extensions::new();
        error.connect_info().inspect(|connected| connected.get_extras(&mut extras));
        let is_unanswered =
            extras.get::<History>().is_some_and(History::is_unanswered_after_an_answer);
        match fault.kind {
            ErrorKind::UpstreamFailed if is_unanswered => Self::Unanswered(fault),
            _ => Self::Failed(fault),
        }
    }

    fn into_fault(self) -> Fault {
        match self {
            Self::Unanswered(fault) | Self::Failed(fault) => fault,
        }
    }
}

impl From<Fault> for Headless {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

async fn head(
    http: &Http,
    mut request: Request<Full<Bytes>>,
    clock: &Clock,
) -> Result<Response<Incoming>, Headless> {
    let without_end = informational::without_end(&mut request);
    tokio::select! {
        biased;
        fault = without_end => Err(fault.into()),
        answered = answer(http, request, clock) => answered,
    }
}

async fn answer(
    http: &Http,
    mut request: Request<Full<Bytes>>,
    clock: &Clock,
) -> Result<Response<Incoming>, Headless> {
    let mut connection = capture_connection(&mut request);
    let mut answer = http.request(request);
    let connected = async {
        tokio::select! {
            biased;
            early = &mut answer => Some(early),
            _ = connection.wait_for_connection_metadata() => None,
        }
    };
    let answered = match clock.within(Phase::Connect, connected).await? {
        Some(early) => early,
        None => clock.within(Phase::FirstByte, answer).await?,
    };
    answered.map_err(|error| Headless::of(&error))
}

/// Refuses a head over the limit: hyper's own bound is on its buffer, which a head may overshoot by one read.
fn refuse_large_head(headers: &HeaderMap) -> Result<(), Fault> {
    let head_bytes: usize =
        headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if head_bytes <= MAX_HEAD_BYTES { Ok(()) } else { Err(fault::large_head()) }
}

/// Refuses a body that is compressed though we asked for none: it could be a small bomb.
fn refuse_encoding(headers: &HeaderMap) -> Result<(), Fault> {
    let plain = |name, expected: &str| {
        let mut values = headers.get_all(name).iter();
        values.all(|value| value.as_bytes().eq_ignore_ascii_case(expected.as_bytes()))
    };
    if plain(CONTENT_ENCODING, "identity") && plain(TRANSFER_ENCODING, "chunked") {
        return Ok(());
    }
    Err(Fault::new(
        ErrorKind::Malformed,
        "the provider compressed its answer though it was asked not to",
    ))
}
