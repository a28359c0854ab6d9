//! Reads an answer streamed as `chat.completion.chunk` events, up to `[DONE]`.

use canonical::{Dialect, Event};
use serde_json::Value;
use wire::{SseDecoder, SseEvent};

use super::{error, response};
use crate::{
    LARGEST_FRAME_BYTES, StreamDecoder,
    assembly::{Assembly, malformed, truncated},
    json::value_of,
};

/// The decoder of one stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    dialect: Dialect,
    frames: SseDecoder,
    assembly: Assembly,
}

impl Decoder {
    pub(crate) fn new(dialect: Dialect) -> Self {
        let frames = SseDecoder::new(LARGEST_FRAME_BYTES);
        Self { dialect, frames, assembly: Assembly::default() }
    }
}

impl StreamDecoder for Decoder {
    fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        if self.assembly.is_ended() {
            return;
        }
        self.frames.feed(bytes);
        while !self.assembly.is_ended() {
            match self.frames.next() {
                Ok(Some(event)) => read(event, self.dialect, &mut self.assembly),
                Ok(None) => break,
                Err(error) => self.assembly.fail(malformed(error)),
            }
        }
        self.assembly.drain_into(events);
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if let Some(event) = self.frames.finish() {
            // What lacks its blank line counts if it is whole all the same.
            if is_done(event) || serde_json::from_str::<Value>(event.data).is_ok() {
                read(event, self.dialect, &mut self.assembly);
            }
        }
        self.assembly.fail(truncated());
        self.assembly.drain_into(events);
    }
}

fn is_done(event: SseEvent<'_>) -> bool {
    event.data.trim() == "[DONE]"
}

fn read(event: SseEvent<'_>, dialect: Dialect, assembly: &mut Assembly) {
    if is_done(event) {
        assembly.stop();
        return;
    }
    if event.data.trim().is_empty() {
        return;
    }
    match value_of(event.data.as_bytes()) {
        Ok(value) if event.event == Some("error") => assembly.fail(error::in_stream(&value)),
        Ok(value) => {
            response::read(&value, dialect, assembly).unwrap_or_else(|fault| assembly.fail(fault))
        }
        Err(error) => assembly.fail(malformed(error)),
    }
}
