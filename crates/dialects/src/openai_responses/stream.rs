//! Reads an answer streamed as `response.*` events, up to the one that ends it.

use canonical::{Delta, Event, Fault, PartKind};
use serde_json::Value;
use wire::{SseDecoder, SseEvent};

use super::{
    answer::{Answer, Place},
    logprobs,
    output::{self, BETWEEN_THOUGHTS},
    response,
};
use crate::{
    LARGEST_FRAME_BYTES, StreamDecoder,
    assembly::{malformed, truncated},
    json::{count, list, member, object, present, text, typed, value_of},
    openai_chat::error,
};

/// The decoder of one stream.
#[derive(Debug)]
pub(super) struct Decoder {
    frames: SseDecoder,
    answer: Answer,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { frames: SseDecoder::new(LARGEST_FRAME_BYTES), answer: Answer::default() }
    }
}

impl StreamDecoder for Decoder {
    fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        if self.answer.is_ended() {
            return;
        }
        self.frames.feed(bytes);
        while !self.answer.is_ended() {
            match self.frames.next() {
                Ok(Some(frame)) => take(frame, &mut self.answer),
                Ok(None) => break,
                Err(error) => self.answer.fail(malformed(error)),
            }
        }
        self.answer.drain_into(events);
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if let Some(frame) = self.frames.finish().filter(|_| !self.answer.is_ended()) {
            // What lacks its blank line counts if it is whole all the same.
            if serde_json::from_str::<Value>(frame.data).is_ok() {
                take(frame, &mut self.answer);
            }
        }
        self.answer.fail(truncated());
        self.answer.drain_into(events);
    }
}

fn take(frame: SseEvent<'_>, answer: &mut Answer) {
    if frame.data.trim().is_empty() || frame.data.trim() == "[DONE]" {
        return;
    }
    let read = match value_of(frame.data.as_bytes()) {
        Ok(data) => read(frame.event, &data, answer),
        Err(error) => Err(malformed(error)),
    };
    read.unwrap_or_else(|fault| answer.fail(fault));
}

/// Takes one event. It names its type itself; the frame's name only counts where it doesn't.
fn read(name: Option<&str>, data: &Value, answer: &mut Answer) -> Result<(), Fault> {
    let index = count(data, "output_index").unwrap_or(0);
    let place = (index, count(data, "content_index").unwrap_or(0));
    match text(data, "type").or(name) {
        Some("response.created" | "response.in_progress" | "response.queued") => {
            answer.start(member(data, "response"));
        }
        Some("response.output_item.added") => output::open(index, member(data, "item"), answer)?,
        Some("response.output_item.done") => output::close(index, member(data, "item"), answer)?,
        Some("response.output_text.delta") => {
            grow(place, PartKind::Text, data, answer)?;
            answer.logprobs(place, logprobs::read(list(data, "logprobs")));
        }
        Some("response.refusal.delta") => {
            answer.refuse();
            grow(place, PartKind::Text, data, answer)?;
        }
        Some("response.reasoning_summary_part.added") if answer.told_bytes((index, 0)) > 0 => {
            answer.grow((index, 0), Delta::Text(BETWEEN_THOUGHTS.to_owned()));
        }
        Some("response.reasoning_summary_text.delta" | "response.reasoning_text.delta") => {
            grow((index, 0), PartKind::Reasoning, data, answer)?;
        }
        Some("response.function_call_arguments.delta") => {
            answer.grow((index, 0), Delta::Arguments(delta(data)?.to_owned()));
        }
        Some("response.completed" | "response.incomplete") => {
            let response = typed(data, "response", object)?;
            let response = response.ok_or_else(|| malformed("the answer ended without itself"))?;
            if answer.is_empty() {
                return response::read(response, answer);
            }
            answer.stop(response);
        }
        Some("response.failed") => return Err(error::in_stream(member(data, "response"))),
        Some("error") => return Err(error::in_stream(data)),
        None if present(data, "error").is_some() => return Err(error::in_stream(data)),
        // What only repeats what was said, and whatever the provider adds.
        Some(_) | None => {}
    }
    Ok(())
}

fn grow(place: Place, kind: PartKind, data: &Value, answer: &mut Answer) -> Result<(), Fault> {
    let more = delta(data)?;
    answer.open(place, kind)?;
    if !more.is_empty() {
        answer.grow(place, Delta::Text(more.to_owned()));
    }
    Ok(())
}

fn delta(data: &Value) -> Result<&str, Fault> {
    Ok(typed(data, "delta", Value::as_str)?.unwrap_or_default())
}
