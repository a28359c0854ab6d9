//! Reads a streamed answer of `streamGenerateContent`.

use std::collections::BTreeMap;

use canonical::{Event, Fault, FinishReason, Usage};
use serde_json::Value;
use wire::SseDecoder;

use super::{
    LARGEST_CHUNK_BYTES,
    bare_body::BareBody,
    candidate::Candidate,
    error,
    response::{is_blocked, usage},
};
use crate::{
    StreamDecoder,
    assembly::{malformed, truncated},
    json::{count, filled, list, value_of},
};

/// The most candidates in one answer.
const MOST_CANDIDATES: u32 = 128;

/// An answer that comes in chunks, however they are framed. The provider marks no end: it is complete when the
/// body ends and each candidate has its reason, or the prompt was blocked.
#[derive(Default)]
pub(super) struct Chunks {
    started: bool,
    blocked: bool,
    candidates: BTreeMap<u32, Candidate>,
}

impl Chunks {
    /// Takes one chunk: an answer that holds only what is new.
    pub(super) fn take(&mut self, chunk: &Value, events: &mut Vec<Event>) -> Result<(), Fault> {
        if let Some(error) = error::error(chunk) {
            return Err(error::within_200(error));
        }
        if !std::mem::replace(&mut self.started, true) {
            let owned = |name| filled(chunk, name).map(str::to_owned);
            events.push(Event::Start { id: owned("responseId"), model: owned("modelVersion") });
        }
        for (position, candidate) in list(chunk, "candidates").iter().enumerate() {
            let index = count(candidate, "index").map_or(u32::try_from(position), u32::try_from);
            let index = index.ok().filter(|index| *index < MOST_CANDIDATES);
            let index = index.ok_or_else(|| malformed("the answer has too many candidates"))?;
            let known = self.candidates.entry(index).or_insert_with(|| Candidate::new(index));
            known.take(candidate, events)?;
        }
        self.blocked |= is_blocked(chunk);
        let usage = usage(chunk);
        if usage != Usage::default() {
            events.push(Event::Usage(usage));
        }
        Ok(())
    }

    /// Takes the end of the body, which is the answer's end if it is complete.
    pub(super) fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        if self.blocked && self.candidates.is_empty() {
            let finish = FinishReason::ContentFilter.into();
            events.push(Event::Finish { choice: 0, finish });
        } else if self.candidates.is_empty() {
            return Err(truncated());
        }
        for candidate in std::mem::take(&mut self.candidates).into_values() {
            candidate.end(events)?;
        }
        Ok(())
    }
}

/// Follows one stream of server-sent events.
pub(super) struct Decoder {
    frames: SseDecoder,
    bare: BareBody,
    chunks: Chunks,
    ended: bool,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self {
            frames: SseDecoder::new(LARGEST_CHUNK_BYTES),
            bare: BareBody::new(),
            chunks: Chunks::default(),
            ended: false,
        }
    }

    /// Takes the chunks that are complete.
    fn take_all(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        while let Some(frame) = self.frames.next().map_err(malformed)? {
            let chunk = value_of(frame.data.as_bytes()).map_err(malformed)?;
            self.chunks.take(&chunk, events)?;
        }
        Ok(())
    }

    fn take_end(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        if let Some(frame) = self.frames.finish() {
            let chunk = serde_json::from_str(frame.data).map_err(|_| truncated())?;
            self.chunks.take(&chunk, events)?;
        }
        if self.bare.is_there() {
            let body = self.bare.parse();
            return Err(error::error(&body)
                .map_or_else(|| malformed("a body that is no event stream"), error::within_200));
        }
        self.chunks.end(events)
    }

    fn fail(&mut self, fault: Fault, events: &mut Vec<Event>) {
        events.push(Event::Failed(fault));
        self.ended = true;
    }
}

impl StreamDecoder for Decoder {
    fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        if self.ended {
            return;
        }
        self.frames.feed(self.bare.split(bytes));
        if let Err(fault) = self.take_all(events) {
            self.fail(fault, events);
        }
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if self.ended {
            return;
        }
        match self.take_end(events) {
            Ok(()) => events.push(Event::Stop),
            Err(fault) => events.push(Event::Failed(fault)),
        }
        self.ended = true;
    }
}
