//! The route table: which row a request means, whether it may call it, and its answer.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::header::{ALLOW, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode};
use keys::Caller;
use thiserror::Error;

use crate::accept::asks_for_json;
use crate::credential::{self, Authenticate};
use crate::refusal::Refusal;
use crate::response::{detail, finish, full};
use crate::{Access, Body, Call, LogSlot, RequestId, Response, Route, path};

/// All routes, and who knows the valid keys.
pub struct Router {
    routes: Vec<Route>,
    /// From a path to its rows in `routes`, one for each method.
    paths: matchit::Router<Vec<usize>>,
    keys: Arc<dyn Authenticate>,
    /// Who calls the open routes.
    nobody: Arc<Caller>,
    wording: Wording,
}

/// Words a refusal of the door as JSON for callers of a path who expect another shape than `{"detail": sentence}`.
pub type Wording =
    fn(path: &str, &HeaderMap, StatusCode, sentence: &str, RequestId) -> Option<Bytes>;

/// Two routes that no request could tell apart, or a malformed pattern.
#[derive(Debug, Error)]
#[error("route {path}: {reason}")]
pub struct RouteError {
    path: &'static str,
    reason: String,
}

/// What a request's method and path mean.
pub(crate) enum Found<'r> {
    Route { route: &'r Route, params: Vec<(String, String)> },
    OtherMethods(Vec<&'r Method>),
    Nothing,
    Refused(Refusal),
}

impl Router {
    /// Builds the table.
    ///
    /// # Errors
    ///
    /// Fails when two routes have the same method and path, or patterns that overlap.
    pub fn new(routes: Vec<Route>, keys: Arc<dyn Authenticate>) -> Result<Self, RouteError> {
        let mut patterns: Vec<(&'static str, Vec<usize>)> = Vec::new();
        for (row, route) in routes.iter().enumerate() {
            match patterns.iter_mut().find(|(path, _)| *path == route.path) {
                Some((_, rows)) => rows.push(row),
                None => patterns.push((route.path, vec![row])),
            }
        }
        let mut paths = matchit::Router::new();
        for (path, rows) in patterns {
            let mut methods = rows.iter().filter_map(|row| Some(&routes.get(*row)?.method));
            while let Some(method) = methods.next() {
                if methods.clone().any(|other| other == method) {
                    return Err(RouteError { path, reason: format!("{method} is listed twice") });
                }
            }
            paths
                .insert(path, rows)
                .map_err(|error| RouteError { path, reason: error.to_string() })?;
        }
        let nobody = Arc::new(Caller::nobody());
        Ok(Self { routes, paths, keys, nobody, wording: |_, _, _, _, _| None })
    }

    /// Sets how refusals are worded.
    #[must_use]
    pub fn with_wording(self, wording: Wording) -> Self {
        Self { wording, ..self }
    }

    /// All rows in the order given, for generated documentation and for tests of the whole table.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Answers one request as if it had passed the door's checks of Host and page.
    pub async fn answer(
        &self,
        request_id: RequestId,
        peer: SocketAddr,
        request: Request<Body>,
    ) -> Response {
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let found = self.find(&method, &path);
        let log = Arc::new(LogSlot::default());
        let response = self.respond(found, request_id, peer, request, log).await;
        finish(response, &method, request_id)
    }

    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        if let Err(refusal) = path::check(path) {
            return Found::Refused(refusal);
        }
        let matched = self.paths.at(path);
        if path::has_encoded_slash(path)
            && !matched.as_ref().is_ok_and(|found| self.spans(found.value))
        {
            return Found::Refused(Refusal::PathNotNormal);
        }
        let Ok(matched) = matched else { return Found::Nothing };
        let served = if method == Method::HEAD { &Method::GET } else { method };
        let mut rows = matched.value.iter().filter_map(|row| self.routes.get(*row));
        let Some(route) = rows.clone().find(|route| route.method == served) else {
            return Found::OtherMethods(rows.by_ref().map(|route| &route.method).collect());
        };
        let decoded = matched.params.iter().map(|(name, raw)| {
            path::decode(raw).map(|value| (name.to_owned(), value.into_owned()))
        });
        match decoded.collect() {
            Ok(params) => Found::Route { route, params },
            Err(refusal) => Found::Refused(refusal),
        }
    }

    /// Whether rows have a pattern whose last parameter takes the rest of the path, slashes included.
    fn spans(&self, rows: &[usize]) -> bool {
        rows.iter().filter_map(|row| self.routes.get(*row)).any(|route| route.path.contains("{*"))
    }

    pub(crate) async fn respond(
        &self,
        found: Found<'_>,
        request_id: RequestId,
        peer: SocketAddr,
        request: Request<Body>,
        log: Arc<LogSlot>,
    ) -> Response {
        let caller = match self.admit(found.access(), request.headers()) {
            Ok(caller) => caller,
            Err(refusal) => return self.refuse(refusal, &request, request_id),
        };
        log.note_caller(&caller);
        match found {
            Found::Route { route, params } => {
                let (head, body) = request.into_parts();
                let query = head.uri.query().map(str::to_owned);
                let (method, headers) = (head.method, head.headers);
                let call =
                    Call { request_id, caller, log, method, query, headers, peer, params, body };
                isolated(route, call).await
            }
            Found::OtherMethods(methods) => {
                let refusal = Refusal::Method;
                let mut response = self.refuse(refusal, &request, request_id);
                response.headers_mut().extend(allow(&methods));
                response
            }
            Found::Nothing => self.refuse(Refusal::NotFound, &request, request_id),
            Found::Refused(refusal) => self.refuse(refusal, &request, request_id),
        }
    }

    /// Answers a refusal in the words that fit the path.
    pub(crate) fn refuse<B>(
        &self,
        refusal: Refusal,
        request: &Request<B>,
        request_id: RequestId,
    ) -> Response {
        let mut response = Response::from(refusal);
        let (path, sentence) = (request.uri().path(), refusal.to_string());
        let status = refusal.status();
        if let Some(body) = (self.wording)(path, request.headers(), status, &sentence, request_id) {
            *response.body_mut() = full(body);
        }
        response
    }

    /// The one place where a request is let in or not: by the matched route and the grant of the key it carries.
    fn admit(&self, access: Access, headers: &HeaderMap) -> Result<Arc<Caller>, Refusal> {
        let needed = match access {
            Access::Open => return Ok(Arc::clone(&self.nobody)),
            Access::Shell if !asks_for_json(headers) => return Ok(Arc::clone(&self.nobody)),
            Access::Shell | Access::Key => None,
            Access::Scope(scope) => Some(scope),
        };
        let presented = credential::presented(headers)?;
        let caller = presented.and_then(|key| self.keys.authenticate(key));
        let caller = caller.ok_or(Refusal::NoValidKey)?;
        match needed {
            Some(scope) if !caller.grant.allows(scope) => Err(Refusal::MissingScope(scope)),
            Some(_) | None => Ok(caller),
        }
    }
}

impl Found<'_> {
    pub(crate) fn pattern(&self) -> Option<&'static str> {
        match self {
            Self::Route { route, .. } => Some(route.path),
            Self::OtherMethods(_) | Self::Nothing | Self::Refused(_) => None,
        }
    }

    /// Whoever may not call anything may not learn what there is, either.
    pub(crate) fn access(&self) -> Access {
        match self {
            Self::Route { route, .. } => route.access,
            Self::OtherMethods(_) | Self::Nothing | Self::Refused(_) => Access::Key,
        }
    }
}

/// Runs a handler so that its panic is its own request's 500 and nothing more.
async fn isolated(route: &Route, call: Call) -> Response {
    let request_id = call.request_id;
    let mut answering = pin!(async { (route.handler)(call).await });
    let outcome = std::future::poll_fn(|context| {
        // The future is dropped after a panic and never polled again, so nothing sees it half done.
        match catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    });
    match outcome.await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(request.id = %request_id, http.route = route.path, "handler panicked");
            let sentence =
                "something broke inside the gateway: its log has more under this request id";
            detail(StatusCode::INTERNAL_SERVER_ERROR, sentence)
        }
    }
}

/// The header that says which methods a path takes.
fn allow(methods: &[&Method]) -> Option<(HeaderName, HeaderValue)> {
    let mut allow: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    if allow.contains(&"GET") {
        allow.push("HEAD");
    }
    Some((ALLOW, HeaderValue::try_from(allow.join(", ")).ok()?))
}
