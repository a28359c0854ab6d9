//! Newline-delimited JSON from bytes: one value a line, blank lines skipped.

use crate::lines::{FrameError, LineEnd, Lines};

/// Reads lines of JSON text, whatever the chunk boundaries. Whether they are JSON is for the caller to see.
#[derive(Debug)]
pub struct NdjsonDecoder {
    lines: Lines,
    failed: Option<FrameError>,
    line: String,
}

impl NdjsonDecoder {
    /// Makes a decoder that refuses any line longer than `limit_bytes`.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self { lines: Lines::new(LineEnd::Lf, limit_bytes), failed: None, line: String::new() }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.lines.feed(bytes);
        }
    }

    /// Returns the next complete line; `None` until more bytes are fed.
    ///
    /// # Errors
    ///
    /// Fails, then and ever after, when a line is too long or not UTF-8.
    #[expect(clippy::should_implement_trait, reason = "the line borrows from the decoder")]
    pub fn next(&mut self) -> Result<Option<&str>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.advance() {
            Ok(true) => Ok(Some(&self.line)),
            Ok(false) => Ok(None),
            Err(error) => {
                self.failed = Some(error);
                Err(error)
            }
        }
    }

    /// Takes the end of the bytes and returns the last line if it lacks its end; it may be cut off.
    pub fn finish(&mut self) -> Option<&str> {
        if self.failed.is_some() {
            return None;
        }
        let rest = std::str::from_utf8(self.lines.rest()).ok()?.trim();
        Some(rest).filter(|rest| !rest.is_empty())
    }

    /// Reads on to a line that is not blank; false when there is none.
    fn advance(&mut self) -> Result<bool, FrameError> {
        while let Some(line) = self.lines.next()? {
            let line = std::str::from_utf8(line).map_err(|_| FrameError::NotUtf8)?.trim();
            if !line.is_empty() {
                line.clone_into(&mut self.line);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::NdjsonDecoder;
    use crate::FrameError;

    fn decode(bytes: &[u8], size: usize) -> (Vec<String>, Option<String>) {
        let (mut decoder, mut out) = (NdjsonDecoder::new(64), Vec::new());
        for chunk in bytes.chunks(size) {
            decoder.feed(chunk);
            while let Ok(Some(line)) = decoder.next() {
                out.push(line.to_owned());
            }
        }
        (out, decoder.finish().map(str::to_owned))
    }

    #[test]
    fn reads_lines_and_hands_out_the_rest() {
        let (lines, rest) = decode(b"{\"a\":1}\r\n\n  \n{\"b\":2}\n{\"c\"", 4);
        assert_eq!(lines, [r#"{"a":1}"#, r#"{"b":2}"#]);
        assert_eq!(rest.as_deref(), Some(r#"{"c""#));
    }

    #[test]
    fn refuses_long_lines_and_what_is_not_text() {
        let mut decoder = NdjsonDecoder::new(4);
        decoder.feed(b"12345");
        assert_eq!(decoder.next(), Err(FrameError::TooLarge { limit_bytes: 4 }));
        assert_eq!(decoder.finish(), None);
        let mut decoder = NdjsonDecoder::new(4);
        decoder.feed(b"\xff\n");
        assert_eq!(decoder.next(), Err(FrameError::NotUtf8));
    }

    proptest! {
        #[test]
        fn chunk_boundaries_never_show(text in "[aé\r\n ]{0,40}", size in 1usize..7) {
            prop_assert_eq!(decode(text.as_bytes(), size), decode(text.as_bytes(), usize::MAX));
        }
    }
}
