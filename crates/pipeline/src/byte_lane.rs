//! The lane of a call whose provider speaks the caller's dialect: the caller's bytes go out, the provider's come back.

use bytes::Bytes;
use canonical::{Fault, Losses, Response};
use http::HeaderMap;
use providers::{Delivery, Refused};

use crate::{
    EventStream, InferenceCall, Target,
    attempt::{MOST_ANSWER_BYTES, post},
    byte_relay::{Begun, ByteRelay},
    call::{Answer, forwarded_headers},
    errand::Whole,
    open::Opened,
    relay::{Relay, TranslateRelay},
    splice::spliced,
};

/// The caller's bytes with the provider's name for the model in them.
pub(crate) struct Prepared {
    path: String,
    headers: HeaderMap,
    body: Bytes,
    takes_usage_out: bool,
}

/// Splices the model's name into the caller's bytes.
pub(crate) fn prepare(
    target: &Target,
    call: &InferenceCall,
    opened: &Opened,
) -> Result<Prepared, Fault> {
    let endpoint = call.endpoint;
    let may_ask_for_usage = endpoint.tells_usage_on_request()
        && opened.stream
        && target.provider.config().quirks().stream_usage;
    let ask_for_usage = opened.ask_for_usage.clone().filter(|_| may_ask_for_usage);
    let takes_usage_out = ask_for_usage.is_some();
    let places = endpoint.model_places();
    let body = spliced(&call.body, places, &opened.model, &target.model, ask_for_usage)?;
    let path = call.with_forwarded_query(endpoint.provider_target(&target.model, opened.stream));
    let headers = forwarded_headers(endpoint.forwarded_headers(), &call.headers);
    Ok(Prepared { path, headers, body, takes_usage_out })
}

/// Asks, and hands the provider's bytes back.
pub(crate) async fn send(
    target: &Target,
    call: &InferenceCall,
    opened: &Opened,
    prepared: Prepared,
) -> Result<Answer, Refused> {
    let Prepared { path, headers, body, takes_usage_out } = prepared;
    let endpoint = call.endpoint;
    let delivery = Delivery::from(opened.stream);
    let reply = post(target, endpoint.dialect(), &path, headers, body, delivery).await?;
    match delivery {
        Delivery::Whole => {
            let content = reply.body.collect(MOST_ANSWER_BYTES).await?;
            let usage = check(target, call, &content)?.usage;
            Ok(Answer::Whole(Whole { content, usage }))
        }
        Delivery::Streamed => {
            match ByteRelay::begin(target, call, opened, reply, takes_usage_out).await? {
                Begun::Relay(relay) => Ok(Answer::Stream(Relay::Bytes(relay))),
                // A provider that answers whole, although it was asked for a stream, is taken at its word.
                Begun::Whole(whole) => {
                    let (body, response) = *whole;
                    // The request went out as it came, so nothing of it was lost.
                    let request = endpoint.decode_request(&call.body, &mut Losses::default())?;
                    let encoder = endpoint.stream_encoder(&request, &opened.echo(call));
                    let events = EventStream::of(&target.provider, body, response);
                    let relay = TranslateRelay::new(events, encoder);
                    Ok(Answer::Stream(Relay::Translate(Box::new(relay))))
                }
            }
        }
    }
}

/// Makes sure that the bytes are an answer, and no error in a 200's clothing.
fn check(target: &Target, call: &InferenceCall, body: &Bytes) -> Result<Response, Fault> {
    let answer = call.endpoint.decode_answer(body);
    answer.map_err(|fault| target.provider.redacted(fault))
}
