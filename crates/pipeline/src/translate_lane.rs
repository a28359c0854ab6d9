//! The lane of a call whose provider speaks another dialect: through the canonical form and back.

use canonical::{Fault, Losses, Request};
use providers::Refused;

use crate::{
    About, Answer, EventStream, InferenceCall, Target,
    attempt::{Mode, attempt, read_whole},
    lost_turns::refuse_lost_turns,
    open::Opened,
    relay::{Relay, TranslateRelay},
};

/// Translates the call, asks, and translates the answer back.
pub(crate) async fn answer(
    target: &Target,
    call: &InferenceCall,
    opened: &Opened,
    about: &mut About,
) -> Result<Answer, Refused> {
    let mode = Mode::of(opened.stream);
    if let Some(idle) = call.endpoint.encode_idle(&call.body, &opened.echo(call)) {
        return Ok(Answer::Whole(idle.into()));
    }
    let (request, body) = encode(target, call, opened, &mut about.losses)?;
    if call.strict {
        refuse_losses(&about.losses, target)?;
    }
    target.provider.admit_chat(about.opened)?;
    about.begin_attempt();
    let reply = attempt(target, body.into(), mode).await?;
    let echo = opened.echo(call);
    match mode {
        Mode::Stream => {
            let events = EventStream::begin(target, reply).await?;
            let encoder = call.endpoint.stream_encoder(&request, &echo);
            let relay = TranslateRelay::new(events, encoder);
            Ok(Answer::Stream(Relay::Translate(Box::new(relay))))
        }
        Mode::Whole => {
            let response = read_whole(target, reply).await?;
            let endpoint = call.endpoint;
            let body = endpoint.encode_response(&response, &request, &echo, &mut about.losses);
            Ok(Answer::Whole(body.into()))
        }
    }
}

/// Reads the caller's request and writes the provider's.
fn encode(
    target: &Target,
    call: &InferenceCall,
    opened: &Opened,
    losses: &mut Losses,
) -> Result<(Request, Vec<u8>), Fault> {
    let mut request = call.endpoint.decode_request(&call.body, losses)?;
    request.model.clone_from(&target.model);
    request.stream = opened.stream;
    refuse_lost_turns(target, &request)?;
    let body = target.codec.encode_request(&request, &target.quirks(), losses);
    Ok((request, body))
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
