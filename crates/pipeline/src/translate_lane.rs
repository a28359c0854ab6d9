//! The lane of a call whose provider speaks another dialect: through the canonical form and back.

use bytes::Bytes;
use canonical::{Fault, Losses, Request};
use providers::{Delivery, Refused};

use crate::{
    EventStream, InferenceCall, Target,
    attempt::{attempt, read_whole},
    call::Answer,
    errand::Whole,
    lost_turns::refuse_lost_turns,
    open::Opened,
    relay::{Relay, TranslateRelay},
};

/// The request in the canonical form, and in the provider's own words.
pub(crate) struct Prepared {
    request: Box<Request>,
    body: Bytes,
}

/// Reads the caller's request and writes the provider's.
pub(crate) fn prepare(
    target: &Target,
    call: &InferenceCall,
    opened: &Opened,
    losses: &mut Losses,
) -> Result<Prepared, Fault> {
    let mut request = call.endpoint.decode_request(&call.body, losses)?;
    request.model.clone_from(&target.model);
    request.stream = opened.stream;
    refuse_lost_turns(target, &request)?;
    let body = target.codec.encode_request(&request, &target.quirks(), losses);
    if call.strict {
        refuse_losses(losses, target)?;
    }
    Ok(Prepared { request: Box::new(request), body: body.into() })
}

/// Asks, and translates the answer back; what of it can't be said is noted in `losses`.
pub(crate) async fn send(
    target: &Target,
    call: &InferenceCall,
    opened: &Opened,
    prepared: Prepared,
    losses: &mut Losses,
) -> Result<Answer, Refused> {
    let Prepared { request, body } = prepared;
    let delivery = Delivery::from(opened.stream);
    let reply = attempt(target, body, delivery).await?;
    let echo = opened.echo(call);
    match delivery {
        Delivery::Streamed => {
            let events = EventStream::begin(target, reply).await?;
            let encoder = call.endpoint.stream_encoder(&request, &echo);
            let relay = TranslateRelay::new(events, encoder);
            Ok(Answer::Stream(Relay::Translate(Box::new(relay))))
        }
        Delivery::Whole => {
            let response = read_whole(target, reply).await?;
            let content = call.endpoint.encode_response(&response, &request, &echo, losses);
            Ok(Answer::Whole(Whole { content: content.into(), usage: response.usage }))
        }
    }
}

/// Refuses a call of which something would get lost.
pub(crate) fn refuse_losses(losses: &Losses, target: &Target) -> Result<(), Fault> {
    if losses.is_empty() {
        return Ok(());
    }
    let sentence = format!(
        "{} can't be told of: {losses}. Leave that out, or x-closedpaw-strict",
        target.provider.config().name
    );
    Err(Fault::invalid_request(sentence))
}
