//! Reads an answer streamed as lines of JSON, up to the one with `done`.

use canonical::Event;
use serde_json::Value;
use wire::NdjsonDecoder;

use super::{response, shape::Shape};
use crate::{
    LARGEST_FRAME_BYTES, StreamDecoder,
    assembly::{Assembly, malformed, truncated},
    json::value_of,
};

/// The decoder of one stream.
#[derive(Debug)]
pub(super) struct Decoder {
    frames: NdjsonDecoder,
    assembly: Assembly,
    shape: Shape,
}

impl Decoder {
    pub(super) fn new(shape: Shape) -> Self {
        let frames = NdjsonDecoder::new(LARGEST_FRAME_BYTES);
        Self { frames, assembly: Assembly::default(), shape }
    }

    fn read(&mut self, object: &Value) {
        response::read(object, self.shape, &mut self.assembly)
            .unwrap_or_else(|fault| self.assembly.fail(fault));
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
                Ok(Some(line)) => match value_of(line.as_bytes()) {
                    Ok(object) => self.read(&object),
                    Err(error) => self.assembly.fail(malformed(error)),
                },
                Ok(None) => break,
                Err(error) => self.assembly.fail(malformed(error)),
            }
        }
        self.assembly.drain_into(events);
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        // What lacks its line end counts if it is whole all the same.
        if let Some(object) = self.frames.finish().and_then(|line| serde_json::from_str(line).ok())
        {
            self.read(&object);
        }
        self.assembly.fail(truncated());
        self.assembly.drain_into(events);
    }
}
