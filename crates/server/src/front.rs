//! The checks of one request from top to bottom, and its answer.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{Method, Request};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::exchange::Exchange;
use crate::hosts::Hosts;
use crate::paced_body::PacedBody;
use crate::page::{self, Target};
use crate::record::{Record, RecordedBody};
use crate::refusal::Refusal;
use crate::response::finish;
use crate::router::Found;
use crate::strict_stream::REFUSED_TARGET;
use crate::{Access, Limits, Router, Scheme};

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) router: Arc<Router>,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) limits: Arc<Limits>,
}

/// One connection, as its requests see it.
#[derive(Clone)]
pub(crate) struct Downstream {
    pub(crate) peer: SocketAddr,
    pub(crate) scheme: Scheme,
    pub(crate) exchange: Arc<Exchange>,
}

impl Front {
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        downstream: &Downstream,
    ) -> http::Response<RecordedBody> {
        let Downstream { peer, scheme, exchange } = downstream;
        let method = request.method().clone();
        let mut record = Record::new(&request, *peer, Arc::clone(exchange));
        let request_id = record.request_id;

        let path = request.uri().path().to_owned();
        let found = self.router.find(&method, &path);
        record.route = found.pattern();
        let response = match self.check(&request, &found, *scheme, exchange) {
            Ok(()) => {
                let limits = Arc::clone(&self.limits);
                let request = request.map(|body| PacedBody::new(body, limits).boxed_unsync());
                let log = Arc::clone(&record.log);
                self.router.respond(found, request_id, *peer, request, log).await
            }
            Err(refusal) => self.router.refuse(refusal, &request, request_id),
        };
        let response = finish(response, &method, request_id);
        record.status = Some(response.status());
        response.map(|body| RecordedBody::new(body, record))
    }

    /// Is it a request at all, is it meant for us, and does it come from a page that may ask?
    fn check(
        &self,
        request: &Request<Incoming>,
        found: &Found<'_>,
        scheme: Scheme,
        exchange: &Exchange,
    ) -> Result<(), Refusal> {
        if request.uri() == REFUSED_TARGET {
            return Err(exchange.refusal().unwrap_or(Refusal::Target));
        }
        self.hosts.check(request.headers(), request.uri())?;
        let shell = matches!(request.method(), &Method::GET | &Method::HEAD)
            && matches!(found.access(), Access::Open | Access::Shell);
        let target = if shell { Target::Shell } else { Target::Data };
        page::check(request.headers(), scheme, &self.hosts, target)
    }
}
