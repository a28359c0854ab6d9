//! Cuts a streamed body into frames without changing a byte.

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memchr2};

use crate::json_array::ArrayCut;
use crate::lines::FrameError;

/// How a streamed body is cut into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events, each ended by an empty line.
    Sse,
    /// One JSON value a line.
    Ndjson,
    /// One JSON array, whose elements come one by one.
    JsonArray,
}

/// Cuts a body into frames, whatever the chunk boundaries. The frames and the rest, one after the other,
/// are the body.
#[derive(Debug)]
pub struct RawFrames {
    cut: Cut,
    limit_bytes: usize,
    bytes: BytesMut,
    failed: Option<FrameError>,
}

#[derive(Debug)]
enum Cut {
    Sse(EventCut),
    Ndjson { searched: usize },
    JsonArray(ArrayCut),
}

impl RawFrames {
    /// Makes a cutter that refuses any frame larger than `limit_bytes`.
    #[must_use]
    pub fn new(framing: Framing, limit_bytes: usize) -> Self {
        let cut = match framing {
            Framing::Sse => Cut::Sse(EventCut::default()),
            Framing::Ndjson => Cut::Ndjson { searched: 0 },
            Framing::JsonArray => Cut::JsonArray(ArrayCut::default()),
        };
        Self { cut, limit_bytes, bytes: BytesMut::new(), failed: None }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Returns the next complete frame with everything that ends it; `None` until more bytes are fed.
    ///
    /// An event ends with its empty line, a line with its line end, an element where its value ends; what
    /// stands before an element belongs to it. Empty lines, and an array's closing bracket, are frames too.
    ///
    /// # Errors
    ///
    /// Fails, then and ever after, when a frame is too large.
    #[expect(clippy::should_implement_trait, reason = "it fails, and may go on after `None`")]
    pub fn next(&mut self) -> Result<Option<Bytes>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let end = match &mut self.cut {
            Cut::Sse(cut) => cut.end_of_frame(&self.bytes),
            Cut::Ndjson { searched } => end_of_line(&self.bytes, searched),
            Cut::JsonArray(cut) => cut.end_of_frame(&self.bytes),
        };
        if end.unwrap_or(self.bytes.len()) > self.limit_bytes {
            let error = FrameError::TooLarge { limit_bytes: self.limit_bytes };
            self.failed = Some(error);
            return Err(error);
        }
        Ok(end.map(|end| self.bytes.split_to(end).freeze()))
    }

    /// What was fed and belongs to no complete frame.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        &self.bytes
    }
}

fn end_of_line(bytes: &[u8], searched: &mut usize) -> Option<usize> {
    let Some(offset) = memchr(b'\n', bytes.get(*searched..)?) else {
        *searched = bytes.len();
        return None;
    };
    Some(std::mem::take(searched) + offset + 1)
}

/// Looks for the empty line that ends an event.
#[derive(Debug, Default)]
struct EventCut {
    /// Where the line under way begins.
    line: usize,
    /// Up to where no line end was found.
    searched: usize,
    /// The last line ended in the last byte there was, a CR, so an LF right after it belongs to that end.
    after_cr: bool,
}

impl EventCut {
    fn end_of_frame(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.after_cr {
            let first = bytes.get(self.line)?;
            self.after_cr = false;
            if *first == b'\n' {
                self.line += 1;
                self.searched = self.line;
                if self.line == 1 {
                    // The event that this end belongs to was handed out, so as not to wait for an LF
                    // that may never come.
                    return self.hand_out(1);
                }
            }
        }
        loop {
            let Some(offset) = memchr2(b'\n', b'\r', bytes.get(self.searched..)?) else {
                self.searched = bytes.len();
                return None;
            };
            let at = self.searched + offset;
            let blank = at == self.line;
            let cr = bytes.get(at) == Some(&b'\r');
            let crlf = cr && bytes.get(at + 1) == Some(&b'\n');
            let end = at + 1 + usize::from(crlf);
            self.after_cr = cr && end == bytes.len() && !crlf;
            self.line = end;
            self.searched = end;
            if blank {
                return self.hand_out(end);
            }
            if self.after_cr {
                return None;
            }
        }
    }

    fn hand_out(&mut self, end: usize) -> Option<usize> {
        self.line = 0;
        self.searched = 0;
        Some(end)
    }
}
