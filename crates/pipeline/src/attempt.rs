//! Attempt: one try at one provider, and its whole answer.

use std::time::{Duration, Instant};

use bytes::Bytes;
use canonical::{Dialect, Fault, Losses, Request, Response};
use http::{HeaderMap, HeaderValue, Method};
use providers::{Delivery, Question, Refused};
use upstream::Reply;

use crate::{Target, resolve::Patience};

/// A whole answer longer than this is refused.
pub(crate) const MOST_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// Writes the request in the provider's dialect; what can't be said is noted in `losses`.
pub(crate) fn encode(
    target: &Target,
    mut request: Request,
    delivery: Delivery,
    losses: &mut Losses,
) -> Bytes {
    request.model.clone_from(&target.model);
    request.stream = delivery == Delivery::Streamed;
    target.codec.encode_request(&request, &target.quirks(), losses).into()
}

/// Sends a request that the provider's codec wrote; an answer of another status than 200 is a fault.
///
/// # Errors
///
/// Fails with the one outcome of this try.
pub(crate) async fn attempt(
    target: &Target,
    body: Bytes,
    delivery: Delivery,
) -> Result<Reply, Refused> {
    let codec = target.codec;
    let path = codec.chat_target(&target.model, delivery == Delivery::Streamed);
    post(target, codec.dialect(), &path, HeaderMap::new(), body, delivery).await
}

/// Sends a request in any dialect that the provider speaks.
///
/// # Errors
///
/// Fails with the one outcome of this try.
pub(crate) async fn post(
    target: &Target,
    dialect: Dialect,
    path: &str,
    mut headers: HeaderMap,
    body: Bytes,
    delivery: Delivery,
) -> Result<Reply, Refused> {
    if let Some(trace) =
        target.trace.and_then(|trace| HeaderValue::try_from(trace.to_string()).ok())
    {
        headers.insert("traceparent", trace);
        if let Some(state) = &target.trace_state {
            headers.insert("tracestate", state.clone());
        }
    }
    let left = target.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let deadlines = target.provider.config().deadlines(delivery, left.unwrap_or(Duration::MAX));
    let (key, method) = (target.key, Method::POST);
    let question = Question { key, dialect, method, target: path, headers, body, deadlines };
    tokio::select! {
        biased;
        answered = target.provider.ask(question) => answered,
        dead = death(target) => Err(dead.into()),
    }
}

/// Ends when a provider that is silent shows itself dead, where it is worth giving up before its deadline.
async fn death(target: &Target) -> Fault {
    match target.patience {
        Patience::ToTheEnd => std::future::pending().await,
        Patience::WhileAlive => target.provider.death().await,
    }
}

/// Reads a whole answer.
///
/// # Errors
///
/// Fails when the body breaks off, or is no answer of the provider's dialect.
pub(crate) async fn read_whole(target: &Target, reply: Reply) -> Result<Response, Fault> {
    decode_whole(target, &reply.body.collect(MOST_ANSWER_BYTES).await?)
}

/// Decodes a whole answer; what its fault says holds no secret of ours.
pub(crate) fn decode_whole(target: &Target, body: &[u8]) -> Result<Response, Fault> {
    let response = target.codec.decode_response(body);
    response.map_err(|fault| target.provider.redacted(fault))
}
