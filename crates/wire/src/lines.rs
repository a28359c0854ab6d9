//! Cuts fed bytes into lines of bounded length.

use memchr::{memchr, memchr2};
use thiserror::Error;

/// Bytes that can be no frame. A decoder that has said so says nothing else any more.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// A frame outgrew its limit.
    #[error("a frame is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit that was set.
        limit_bytes: usize,
    },
    /// A frame is not text.
    #[error("a frame is not UTF-8 text")]
    NotUtf8,
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// LF alone.
    Lf,
    /// LF, CR, or CR and LF together.
    Any,
}

/// Bytes that were fed and not yet read, as lines.
#[derive(Debug)]
pub(crate) struct Lines {
    end: LineEnd,
    limit_bytes: usize,
    bytes: Vec<u8>,
    /// Where the unread bytes begin.
    read: usize,
    /// Up to where no line end was found, so that a long line is searched once.
    searched: usize,
    /// The last line ended in CR, so an LF right after it belongs to that end.
    after_cr: bool,
}

impl Lines {
    pub(crate) fn new(end: LineEnd, limit_bytes: usize) -> Self {
        Self { end, limit_bytes, bytes: Vec::new(), read: 0, searched: 0, after_cr: false }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.read);
        self.searched -= self.read;
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the next complete line without its end.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, FrameError> {
        if self.after_cr && self.bytes.get(self.read) == Some(&b'\n') {
            self.read += 1;
            self.searched = self.searched.max(self.read);
            self.after_cr = false;
        }
        let unsearched = self.bytes.get(self.searched..).unwrap_or_default();
        let found = match self.end {
            LineEnd::Lf => memchr(b'\n', unsearched),
            LineEnd::Any => memchr2(b'\n', b'\r', unsearched),
        };
        let Some(offset) = found else {
            self.searched = self.bytes.len();
            return self.within_limit(self.searched - self.read).map(|()| None);
        };
        let (start, end) = (self.read, self.searched + offset);
        self.within_limit(end - start)?;
        self.after_cr = self.bytes.get(end) == Some(&b'\r');
        self.read = end + 1;
        self.searched = self.read;
        Ok(self.bytes.get(start..end))
    }

    /// Returns what stands after the last line end.
    pub(crate) fn rest(&mut self) -> &[u8] {
        if self.after_cr && self.bytes.get(self.read) == Some(&b'\n') {
            self.read += 1;
            self.after_cr = false;
        }
        let start = std::mem::replace(&mut self.read, self.bytes.len());
        self.searched = self.read;
        self.bytes.get(start..).unwrap_or_default()
    }

    /// Refuses a frame of `len` bytes when that is too many.
    pub(crate) fn within_limit(&self, len: usize) -> Result<(), FrameError> {
        if len > self.limit_bytes {
            return Err(FrameError::TooLarge { limit_bytes: self.limit_bytes });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{FrameError, LineEnd, Lines};

    fn all(end: LineEnd, chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(end, 64);
        let mut out = Vec::new();
        for chunk in chunks {
            lines.feed(chunk);
            while let Some(line) = lines.next().unwrap() {
                out.push(String::from_utf8(line.to_vec()).unwrap());
            }
        }
        out
    }

    #[test]
    fn knows_three_line_ends() {
        assert_eq!(all(LineEnd::Any, &[b"a\nb\rc\r\n\r\nd"]), ["a", "b", "c", ""]);
        assert_eq!(all(LineEnd::Lf, &[b"a\nb\rc\r\nd"]), ["a", "b\rc\r"]);
    }

    #[test]
    fn an_end_may_be_split() {
        assert_eq!(all(LineEnd::Any, &[b"a\r", b"\nb\r", b"\r", b"\n"]), ["a", "b", ""]);
    }

    #[test]
    fn a_line_is_bounded_before_its_end_is_seen() {
        let mut lines = Lines::new(LineEnd::Lf, 4);
        lines.feed(b"1234");
        assert_eq!(lines.next(), Ok(None));
        lines.feed(b"5");
        assert_eq!(lines.next(), Err(FrameError::TooLarge { limit_bytes: 4 }));
    }
}
