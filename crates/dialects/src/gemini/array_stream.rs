//! Reads a streamed answer that comes as one JSON array.

use canonical::{Event, Fault};

use super::{elements::Elements, stream::Chunks};
use crate::{
    StreamDecoder,
    assembly::{malformed, truncated},
    json::value_of,
};

/// Follows one array, each of whose elements is a chunk.
pub(super) struct ArrayDecoder {
    elements: Elements,
    chunks: Chunks,
    ended: bool,
}

impl ArrayDecoder {
    pub(super) fn new() -> Self {
        Self { elements: Elements::new(), chunks: Chunks::default(), ended: false }
    }

    fn take(&mut self, mut bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Fault> {
        while let Some(element) = self.elements.next(&mut bytes).map_err(malformed)? {
            let chunk = value_of(&element).map_err(malformed)?;
            self.chunks.take(&chunk, events)?;
        }
        Ok(())
    }

    fn take_end(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        if !self.elements.is_complete() {
            return Err(truncated());
        }
        self.chunks.end(events)
    }
}

impl StreamDecoder for ArrayDecoder {
    fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        if self.ended {
            return;
        }
        if let Err(fault) = self.take(bytes, events) {
            events.push(Event::Failed(fault));
            self.ended = true;
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
