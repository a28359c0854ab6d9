//! Open: what a call's body and path say about the model and the stream, in one pass over the bytes.

use std::time::SystemTime;

use bytes::Bytes;
use canonical::{Fault, Usage};
use dialects::Echo;
use wire::{Edit, Envelope};

use crate::{Answer, InferenceCall, Target, errand::Whole};

/// What was found.
pub(crate) struct Opened {
    /// The model as the caller named it.
    pub(crate) model: String,
    /// Whether the answer is to be streamed.
    pub(crate) stream: bool,
    /// What would make the body ask that the stream tell its usage; none where it does already.
    pub(crate) ask_for_usage: Option<Edit>,
    created: SystemTime,
}

/// Reads the call's envelope.
///
/// # Errors
///
/// Fails when the body is no JSON object, names its model or stream twice, or names no model.
pub(crate) fn open(call: &InferenceCall) -> Result<Opened, Fault> {
    let envelope = read(&call.body)?;
    let (model, stream) = match &call.path {
        Some(path) => (path.model.clone(), path.stream),
        None => {
            let stream = envelope.stream.unwrap_or(call.endpoint.streams_by_default());
            (named(&envelope), stream)
        }
    };
    let ask_for_usage = envelope.ask_for_usage();
    Ok(Opened { model, stream, ask_for_usage, created: SystemTime::now() })
}

/// The answer to a call that asks nothing of a model, where the caller's dialect has such and the first candidate
/// does not speak it.
pub(crate) fn idle(call: &InferenceCall, opened: &Opened, first: &Target) -> Option<Answer> {
    if first.speaks(call.endpoint.dialect()) {
        return None;
    }
    let content = call.endpoint.encode_idle(&call.body, &opened.echo(call))?.into();
    Some(Answer::Whole(Whole { content, usage: Usage::default() }))
}

impl Opened {
    /// What an answer repeats of the call.
    pub(crate) fn echo(&self, call: &InferenceCall) -> Echo {
        Echo { model: self.model.clone(), created: self.created, id: call.context.id.clone() }
    }
}

/// The model that a body names; empty when it names none.
pub(crate) fn named(envelope: &Envelope<'_>) -> String {
    envelope.model.as_deref().unwrap_or_default().to_owned()
}

/// Reads the envelope of a body.
///
/// # Errors
///
/// Fails when the body is no JSON object, or names its model or stream twice.
pub(crate) fn read(body: &Bytes) -> Result<Envelope<'_>, Fault> {
    Envelope::read(body).map_err(|error| Fault::invalid_request(error.to_string()))
}
