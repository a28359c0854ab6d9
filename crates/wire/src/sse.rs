//! Server-sent events from bytes, as the WHATWG HTML standard (section 9.2) reads them.

use crate::lines::{FrameError, LineEnd, Lines};

/// The byte order mark that may stand before the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads server-sent events, whatever the chunk boundaries.
#[derive(Debug)]
pub struct SseDecoder {
    lines: Lines,
    at_first_line: bool,
    event: Option<String>,
    data: Option<String>,
    /// The event being put together was handed out, and the next line begins another.
    handed_out: bool,
    failed: Option<FrameError>,
}

/// One event: what its `event:` line said, if any, and its `data:` lines joined by LF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The event's name, where it has one.
    pub event: Option<&'a str>,
    /// The event's data.
    pub data: &'a str,
}

impl SseDecoder {
    /// Makes a decoder that refuses any event larger than `limit_bytes`.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            lines: Lines::new(LineEnd::Any, limit_bytes),
            at_first_line: true,
            event: None,
            data: None,
            handed_out: false,
            failed: None,
        }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.lines.feed(bytes);
        }
    }

    /// Returns the next complete event; `None` until more bytes are fed. Events without data don't exist.
    ///
    /// # Errors
    ///
    /// Fails, then and ever after, when an event is too large or not UTF-8.
    #[expect(clippy::should_implement_trait, reason = "the event borrows from the decoder")]
    pub fn next(&mut self) -> Result<Option<SseEvent<'_>>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.advance() {
            Ok(true) => Ok(self.current()),
            Ok(false) => Ok(None),
            Err(error) => {
                self.failed = Some(error);
                Err(error)
            }
        }
    }

    /// Takes the end of the bytes and returns the event that lacked its blank line, if one was under way.
    ///
    /// The standard drops such an event, because nothing tells whether it is whole. Some servers end so
    /// after their last event; the caller knows whether what it holds makes sense.
    pub fn finish(&mut self) -> Option<SseEvent<'_>> {
        if self.failed.is_some() {
            return None;
        }
        self.begin_next();
        let rest = self.lines.rest().to_vec();
        self.take_line(&rest).ok()?;
        self.current()
    }

    /// Reads lines up to the end of an event; false when there are too few.
    fn advance(&mut self) -> Result<bool, FrameError> {
        self.begin_next();
        loop {
            let Some(line) = self.lines.next()? else { return Ok(false) };
            if !line.is_empty() {
                let line = line.to_vec();
                self.take_line(&line)?;
            } else if self.data.is_some() {
                self.handed_out = true;
                return Ok(true);
            } else {
                self.event = None;
            }
            self.at_first_line = false;
        }
    }

    fn begin_next(&mut self) {
        if std::mem::take(&mut self.handed_out) {
            self.event = None;
            self.data = None;
        }
    }

    fn current(&self) -> Option<SseEvent<'_>> {
        let data = self.data.as_deref()?;
        Some(SseEvent { event: self.event.as_deref(), data })
    }

    /// Adds a line to the event; comments and unknown fields add nothing.
    fn take_line(&mut self, line: &[u8]) -> Result<(), FrameError> {
        let line = if self.at_first_line { line.strip_prefix(BOM).unwrap_or(line) } else { line };
        let line = std::str::from_utf8(line).map_err(|_| FrameError::NotUtf8)?;
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event = Some(value).filter(|name| !name.is_empty()).map(str::to_owned),
            "data" => {
                let held = self.data.as_ref().map_or(0, |data| data.len() + 1);
                self.lines.within_limit(held + value.len())?;
                match &mut self.data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => self.data = Some(value.to_owned()),
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::SseDecoder;
    use crate::{FrameError, write_sse};

    type Owned = (Option<String>, String);

    fn drain(decoder: &mut SseDecoder, out: &mut Vec<Owned>) -> Result<(), FrameError> {
        while let Some(event) = decoder.next()? {
            out.push((event.event.map(str::to_owned), event.data.to_owned()));
        }
        Ok(())
    }

    /// Feeds `bytes` in chunks of the given sizes, over and over.
    fn decode(bytes: &[u8], sizes: &[usize]) -> (Vec<Owned>, Result<(), FrameError>) {
        let (mut decoder, mut out) = (SseDecoder::new(1024), Vec::new());
        let mut rest = bytes;
        for size in sizes.iter().cycle() {
            let (chunk, later) = rest.split_at((*size).min(rest.len()));
            decoder.feed(chunk);
            if let Err(error) = drain(&mut decoder, &mut out) {
                return (out, Err(error));
            }
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        (out, Ok(()))
    }

    fn data_of(text: &str) -> Vec<String> {
        decode(text.as_bytes(), &[usize::MAX]).0.into_iter().map(|(_, data)| data).collect()
    }

    #[test]
    fn reads_what_servers_write() {
        for (text, expected) in [
            ("data: a\n\ndata:b\n\n", vec!["a", "b"]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", vec!["a", "b"]),
            ("data: a\r\rdata: b\r\r", vec!["a", "b"]),
            ("\u{feff}data: a\n\n", vec!["a"]),
            (": ping\n\ndata: a\n: ping\n\n", vec!["a"]),
            ("data: a\ndata\ndata:  b\n\n", vec!["a\n\n b"]),
            ("event: x\n\nid: 7\nretry: 1\ndata: a\n\n", vec!["a"]),
            ("data:\n\n", vec![""]),
            ("data: unfinished\n", vec![]),
        ] {
            assert_eq!(data_of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_event_name_counts_for_its_own_event_alone() {
        let (events, _) = decode(b"event: a\ndata: 1\n\ndata: 2\n\nevent: b\n\ndata: 3\n\n", &[3]);
        let names: Vec<_> = events.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [Some("a".to_owned()), None, None]);
    }

    #[test]
    fn finish_returns_the_event_without_its_blank_line() {
        for (text, expected) in [
            ("data: a\n\n", None),
            ("data: a\n\ndata: b\n", Some("b")),
            ("data: a\n\ndata: b", Some("b")),
            ("data: a\r\n\r\n", None),
            ("", None),
        ] {
            let mut decoder = SseDecoder::new(64);
            decoder.feed(text.as_bytes());
            drain(&mut decoder, &mut Vec::new()).unwrap();
            assert_eq!(decoder.finish().map(|event| event.data), expected, "{text:?}");
        }
    }

    #[test]
    fn refuses_large_events_and_stays_refusing() {
        let mut decoder = SseDecoder::new(8);
        decoder.feed(b"data: 1\ndata: 2\ndata: 3\ndata: 4\ndata: 5\n\n");
        let error = FrameError::TooLarge { limit_bytes: 8 };
        assert_eq!(decoder.next(), Err(error));
        decoder.feed(b"data: a\n\n");
        assert_eq!(decoder.next(), Err(error));
    }

    #[test]
    fn refuses_what_is_not_text() {
        assert_eq!(decode(b"data: \xff\n\n", &[4]).1, Err(FrameError::NotUtf8));
    }

    proptest! {
        #[test]
        fn chunk_boundaries_never_show(
            text in "(data: ?[aé]{0,3}|event: x|: c|\u{feff}|\r|\n|\r\n){0,24}",
            sizes in prop::collection::vec(1usize..5, 1..6),
        ) {
            prop_assert_eq!(decode(text.as_bytes(), &sizes), decode(text.as_bytes(), &[usize::MAX]));
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, sizes in prop::collection::vec(1usize..9, 1..4)) {
            let (_, outcome) = decode(&bytes, &sizes);
            prop_assert!(outcome.is_ok() || outcome == Err(FrameError::NotUtf8));
        }

        #[test]
        fn what_is_written_is_read(name in "[a-z]{0,4}", data in "[a-z\n: ]{0,12}") {
            let mut bytes = Vec::new();
            let name = Some(name).filter(|name| !name.is_empty());
            write_sse(name.as_deref(), &data, &mut bytes);
            prop_assert_eq!(decode(&bytes, &[3]).0, vec![(name, data)]);
        }
    }
}
