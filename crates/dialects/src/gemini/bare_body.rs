//! Finds the JSON body that stands in the place of an event, or behind the last one.
//!
//! The provider ends a stream that fails half way so: the error comes as it would in an answer of its own,
//! without `data:`. No line of an event stream that means something begins with a bracket.

use serde_json::Value;

use crate::LARGEST_FRAME_BYTES;

/// Splits a bare body from the events before it.
#[derive(Debug)]
pub(super) struct BareBody {
    at_line_start: bool,
    bytes: Option<Vec<u8>>,
}

impl BareBody {
    pub(super) fn new() -> Self {
        Self { at_line_start: true, bytes: None }
    }

    /// Takes the next bytes and returns those that belong to events; the others are held.
    pub(super) fn split<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (events, body) = match &self.bytes {
            Some(_) => (&[][..], bytes),
            None => match bytes.iter().position(|byte| self.begins_body(*byte)) {
                Some(start) => bytes.split_at(start),
                None => return bytes,
            },
        };
        let held = self.bytes.get_or_insert_default();
        let room = LARGEST_FRAME_BYTES.saturating_sub(held.len());
        held.extend(body.iter().take(room));
        events
    }

    /// Whether there is a body, be it JSON or not.
    pub(super) fn is_there(&self) -> bool {
        self.bytes.is_some()
    }

    /// Reads the body, null where it is no JSON.
    pub(super) fn parse(&self) -> Value {
        let bytes = self.bytes.as_deref().unwrap_or_default();
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    fn begins_body(&mut self, byte: u8) -> bool {
        let begins = self.at_line_start && matches!(byte, b'{' | b'[');
        self.at_line_start = matches!(byte, b'\n' | b'\r');
        begins
    }
}
