//! Walks JSON text once, checking it, and says where things stand in it.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;
use thiserror::Error;

/// Objects and arrays that may stand in each other.
pub const MAX_DEPTH: usize = 64;

/// A body that can't be passed on. The sentences are for the caller who sent it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BodyError {
    /// Some bytes are not text.
    #[error("the body is not UTF-8 text: byte {at_bytes} begins no character")]
    NotUtf8 {
        /// Where the text ends.
        at_bytes: usize,
    },
    /// The text is not JSON.
    #[error("the body is not JSON: expected {expected} at byte {at_bytes}")]
    NotJson {
        /// Where it stops being JSON.
        at_bytes: usize,
        /// What would have been right there.
        expected: &'static str,
    },
    /// The JSON nests too deeply.
    #[error("the body nests deeper than {MAX_DEPTH} levels: flatten it")]
    TooDeep,
    /// A member that must be unambiguous is there more than once.
    #[error("`{member}` is given twice: send it once")]
    Twice {
        /// The member's path.
        member: &'static str,
    },
    /// A member has another type than it must have.
    #[error("`{member}` must be {expected}")]
    WrongType {
        /// The member's path.
        member: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

/// Where an object's next member would go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// After the last member's value, or after the opening brace.
    pub at: usize,
    /// There is no member yet, so the next one needs no comma.
    pub empty: bool,
}

/// A place in JSON text, from which one thing after the other is read.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Result<Self, BodyError> {
        let text = std::str::from_utf8(body)
            .map_err(|error| BodyError::NotUtf8 { at_bytes: error.valid_up_to() })?;
        Ok(Self { text, at: 0, depth: 0 })
    }

    /// Where it stands in the body.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The text of a span that this scan returned.
    pub(crate) fn text(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    /// Passes whitespace and returns the byte that comes next without passing it.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    pub(crate) fn expected<T>(&self, expected: &'static str) -> Result<T, BodyError> {
        Err(BodyError::NotJson { at_bytes: self.at, expected })
    }

    /// Refuses anything but whitespace in what is left.
    pub(crate) fn end(&mut self) -> Result<(), BodyError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.expected("nothing after the first value"),
        }
    }

    /// Passes any value and returns its span.
    pub(crate) fn value(&mut self) -> Result<Range<usize>, BodyError> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'{') => self.members(|scan, _| scan.value().map(drop)).map(drop)?,
            Some(b'[') => self.elements(|scan| scan.value().map(drop))?,
            Some(b'"') => self.string().map(drop)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true")?,
            Some(b'f') => self.word("false")?,
            Some(b'n') => self.word("null")?,
            _ => return self.expected("a value"),
        }
        Ok(start..self.at)
    }

    /// Passes an object. `member` gets each name's span, quotes included, and must pass the value.
    pub(crate) fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, Range<usize>) -> Result<(), BodyError>,
    ) -> Result<Tail, BodyError> {
        self.enter(b'{', "an object")?;
        let mut tail = Tail { at: self.at, empty: true };
        while !self.leaves(b'}') {
            if !tail.empty && !self.passes(b',') {
                return self.expected("`,` or `}`");
            }
            let name = self.string()?;
            if !self.passes(b':') {
                return self.expected("`:`");
            }
            member(self, name)?;
            tail = Tail { at: self.at, empty: false };
        }
        Ok(tail)
    }

    /// Passes an array; `element` must pass one value each time.
    pub(crate) fn elements(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), BodyError>,
    ) -> Result<(), BodyError> {
        self.enter(b'[', "an array")?;
        let mut first = true;
        while !self.leaves(b']') {
            if !first && !self.passes(b',') {
                return self.expected("`,` or `]`");
            }
            element(self)?;
            first = false;
        }
        Ok(())
    }

    /// Passes a string and returns its span, quotes included.
    pub(crate) fn string(&mut self) -> Result<Range<usize>, BodyError> {
        if self.peek() != Some(b'"') {
            return self.expected("a string");
        }
        let start = self.at;
        self.at += 1;
        let bytes = self.text.as_bytes();
        loop {
            let left = bytes.get(self.at..).unwrap_or_default();
            let Some(offset) = memchr2(b'"', b'\\', left) else {
                self.at = bytes.len();
                return self.expected("`\"`");
            };
            let plain = left.get(..offset).unwrap_or_default();
            // Without a way out of the loop this compares many bytes at once.
            if plain.iter().fold(false, |found, byte| found | (*byte < b' ')) {
                self.at += plain.iter().position(|byte| *byte < b' ').unwrap_or_default();
                return self.expected("control characters to be escaped");
            }
            self.at += offset + 1;
            if left.get(offset) == Some(&b'"') {
                return Ok(start..self.at);
            }
            self.escape()?;
        }
    }

    /// Returns what a string says, given its span; `None` when it escapes half of a surrogate pair.
    pub(crate) fn decoded(&self, string: Range<usize>) -> Option<Cow<'a, str>> {
        let quoted = self.text(string);
        if !quoted.contains('\\') {
            return Some(Cow::Borrowed(quoted.trim_matches('"')));
        }
        serde_json::from_str(quoted).ok().map(Cow::Owned)
    }

    /// Passes what follows a backslash.
    fn escape(&mut self) -> Result<(), BodyError> {
        let left = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += match left {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 1,
            [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_hexdigit()) => 5,
            _ => return self.expected("an escape that JSON knows"),
        };
        Ok(())
    }

    fn number(&mut self) -> Result<(), BodyError> {
        self.passes_here(b"-");
        if !self.passes_here(b"0") {
            self.digits()?;
        }
        if self.passes_here(b".") {
            self.digits()?;
        }
        if self.passes_here(b"eE") {
            self.passes_here(b"+-");
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), BodyError> {
        let left = self.text.as_bytes().get(self.at..).unwrap_or_default();
        match left.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => self.expected("a digit"),
            count => {
                self.at += count;
                Ok(())
            }
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), BodyError> {
        if !self
            .text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|left| left.starts_with(word.as_bytes()))
        {
            return self.expected(word);
        }
        self.at += word.len();
        Ok(())
    }

    fn enter(&mut self, open: u8, expected: &'static str) -> Result<(), BodyError> {
        if !self.passes(open) {
            return self.expected(expected);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(BodyError::TooDeep) } else { Ok(()) }
    }

    fn leaves(&mut self, close: u8) -> bool {
        let leaves = self.passes(close);
        if leaves {
            self.depth -= 1;
        }
        leaves
    }

    /// Passes whitespace, and `byte` if it comes next.
    fn passes(&mut self, byte: u8) -> bool {
        let passes = self.peek() == Some(byte);
        self.at += usize::from(passes);
        passes
    }

    /// Passes one of `bytes` if it comes next, without whitespace.
    fn passes_here(&mut self, bytes: &[u8]) -> bool {
        let passes = self.text.as_bytes().get(self.at).is_some_and(|byte| bytes.contains(byte));
        self.at += usize::from(passes);
        passes
    }
}
