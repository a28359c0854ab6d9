//! Where each message on a connection begins and ends, to the byte.
//!
//! No IO: bytes go in, and what comes out is how many of them may be passed on.

use crate::Limits;
use crate::chunks::Chunks;
use crate::head::{BodyLength, body_length};
use crate::refusal::Refusal;

/// Follows the requests of one connection.
#[derive(Debug)]
pub(crate) struct Framing {
    position: Position,
    head_bytes: usize,
    headers: usize,
}

#[derive(Debug)]
enum Position {
    /// In a head of which this many bytes were looked at.
    Head {
        scanned: usize,
    },
    Counted {
        left: u64,
    },
    Chunked(Chunks),
}

/// What may be done with the bytes at hand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing before more have come.
    Wait,
    /// The first so many are a whole head: a new request begins.
    Head(usize),
    /// The first so many belong to a body.
    Body(usize),
}

impl Framing {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (head_bytes, headers) = (limits.head_bytes, limits.headers);
        Self { position: Position::Head { scanned: 0 }, head_bytes, headers }
    }

    /// Whether a body has begun and not ended.
    pub(crate) fn is_in_body(&self) -> bool {
        !matches!(self.position, Position::Head { .. })
    }

    /// Judges the bytes not passed on so far; `held` begins where the last step's bytes ended.
    ///
    /// # Errors
    ///
    /// Fails when the bytes break the rules of framing. Nothing after that has a meaning.
    pub(crate) fn advance(&mut self, held: &[u8]) -> Result<Step, Refusal> {
        let step = match &mut self.position {
            Position::Head { .. } => return self.advance_head(held),
            Position::Counted { left } => {
                let here = usize::try_from(*left).map_or(held.len(), |left| left.min(held.len()));
                *left -= here as u64;
                here
            }
            Position::Chunked(chunks) => chunks.advance(held)?,
        };
        if matches!(self.position, Position::Counted { left: 0 } | Position::Chunked(Chunks::Done))
        {
            self.position = Position::Head { scanned: 0 };
        }
        Ok(if step == 0 { Step::Wait } else { Step::Body(step) })
    }

    fn advance_head(&mut self, held: &[u8]) -> Result<Step, Refusal> {
        let Position::Head { scanned } = &mut self.position else { return Ok(Step::Wait) };
        while let Some(line) = held.get(*scanned..)
            && let Some(at) = memchr::memchr(b'\n', line)
        {
            let end = *scanned + at + 1;
            match held.get(..end) {
                Some(head) if head.len() > self.head_bytes => return Err(Refusal::HeadTooLarge),
                Some(head) if head == b"\r\n" => return Err(Refusal::RequestLine),
                Some(head) if head.ends_with(b"\r\n\r\n") => {
                    self.position = match body_length(head, self.headers)? {
                        BodyLength::Bytes(0) => Position::Head { scanned: 0 },
                        BodyLength::Bytes(left) => Position::Counted { left },
                        BodyLength::Chunked => Position::Chunked(Chunks::START),
                    };
                    return Ok(Step::Head(end));
                }
                Some(head) if head.ends_with(b"\r\n") => *scanned = end,
                _ => return Err(Refusal::BareLineFeed),
            }
        }
        if held.len() > self.head_bytes { Err(Refusal::HeadTooLarge) } else { Ok(Step::Wait) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What was passed on, piece by piece as a stream would, and the refusal if there was one.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Passed {
        heads: usize,
        bytes: Vec<u8>,
        refusal: Option<Refusal>,
    }

    fn pass(pieces: &[&[u8]]) -> Passed {
        let mut framing = Framing::new(&Limits::default());
        let mut held = Vec::new();
        let mut passed = Passed::default();
        for piece in pieces {
            held.extend_from_slice(piece);
            loop {
                let length = match framing.advance(&held) {
                    Ok(Step::Wait) => break,
                    Ok(Step::Body(length)) => length,
                    Ok(Step::Head(length)) => {
                        passed.heads += 1;
                        length
                    }
                    Err(refusal) => {
                        passed.refusal = Some(refusal);
                        return passed;
                    }
                };
                passed.bytes.extend(held.drain(..length));
            }
        }
        passed
    }

    fn request() -> impl Strategy<Value = Vec<u8>> {
        let plain = Just(b"GET /a?b=c HTTP/1.1\r\nhost: x\r\n\r\n".to_vec());
        let counted = vec(any::<u8>(), 0..40).prop_map(|body| {
            let head = format!("POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
            [head.into_bytes(), body].concat()
        });
        let chunked = vec(vec(any::<u8>(), 1..40), 0..4).prop_map(|chunks| {
            let mut bytes = b"PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            for chunk in chunks {
                bytes.extend(format!("{:X}\r\n", chunk.len()).into_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
            bytes
        });
        prop_oneof![plain, counted, chunked]
    }

    fn cut<'b>(bytes: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
        let mut rest = bytes;
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }

    proptest! {
        #[test]
        fn valid_requests_pass_unchanged_however_they_are_cut(
            requests in vec(request(), 1..6),
            sizes in vec(1_usize..50, 1..8),
        ) {
            let bytes = requests.concat();
            let passed = pass(&cut(&bytes, &sizes));
            prop_assert_eq!(passed, Passed { heads: requests.len(), bytes, refusal: None });
        }

        #[test]
        fn cutting_changes_nothing_about_any_bytes(
            requests in vec(request(), 0..3),
            junk in vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b':')], 0..60),
            sizes in vec(1_usize..50, 1..8),
        ) {
            let bytes = [requests.concat(), junk].concat();
            let (whole, pieces) = (pass(&[&bytes]), pass(&cut(&bytes, &sizes)));
            prop_assert_eq!((whole.heads, whole.refusal), (pieces.heads, pieces.refusal));
            prop_assert!(bytes.starts_with(&whole.bytes) && bytes.starts_with(&pieces.bytes));
        }

        #[test]
        fn one_changed_byte_never_makes_another_request(
            requests in vec(request(), 1..3),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut bytes = requests.concat();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            prop_assert!(pass(&[&bytes]).bytes.len() <= bytes.len());
        }
    }

    #[test]
    fn lines_that_end_in_a_line_feed_alone_are_refused_at_once() {
        let expected = Some(Refusal::BareLineFeed);
        for head in ["GET / HTTP/1.1\nhost: x\n\n", "GET / HTTP/1.1\r\nhost: x\n", "\n"] {
            assert_eq!(pass(&[head.as_bytes()]).refusal, expected, "{head:?}");
        }
    }

    #[test]
    fn empty_lines_before_a_request_are_refused() {
        assert_eq!(pass(&[b"\r\n"]).refusal, Some(Refusal::RequestLine));
    }

    #[test]
    fn a_head_may_have_64_kib_and_no_more() {
        let head = |padding: usize| format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "x".repeat(padding));
        let around = head(0).len();
        assert_eq!(pass(&[head(65536 - around).as_bytes()]).heads, 1);
        let expected = Some(Refusal::HeadTooLarge);
        assert_eq!(pass(&[head(65537 - around).as_bytes()]).refusal, expected);
        assert_eq!(pass(&["x".repeat(65537).as_bytes()]).refusal, expected);
    }
}
