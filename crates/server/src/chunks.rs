//! A chunked body, read strictly: `SIZE CRLF DATA CRLF`, no extensions, no trailers.
//!
//! RFC 9112, section 7.1. Extensions and trailers are optional there, unused by the SDKs that call
//! us, and read differently by different servers.

use crate::refusal::Refusal;

/// How far a chunked body has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunks {
    Size { digits: u8, size: u64 },
    SizeEnd { size: u64 },
    Data { left: u64 },
    DataReturn,
    DataEnd,
    LastReturn,
    LastEnd,
    Done,
}

/// More would not fit the count of a body's bytes.
const MOST_DIGITS: u8 = 15;

impl Chunks {
    pub(crate) const START: Self = Self::Size { digits: 0, size: 0 };

    /// Reads on, and says how many of the bytes belong to the body.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let mut rest = bytes;
        while let (Some((first, after)), false) = (rest.split_first(), *self == Self::Done) {
            if let Self::Data { left } = *self {
                let here = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
                rest = rest.get(here..).unwrap_or_default();
                *self = match left - here as u64 {
                    0 => Self::DataReturn,
                    left => Self::Data { left },
                };
            } else {
                *self = self.after(*first)?;
                rest = after;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    /// What follows one byte of the lines between the data.
    fn after(self, byte: u8) -> Result<Self, Refusal> {
        match (self, byte) {
            (Self::Size { digits: 1.., size }, b'\r') => Ok(Self::SizeEnd { size }),
            (Self::Size { digits: 1.., .. }, b';' | b' ' | b'\t') => Err(Refusal::ChunkExtension),
            (Self::Size { digits: ..MOST_DIGITS, .. }, _) => self.after_digit(byte),
            (Self::SizeEnd { size: 0 }, b'\n') => Ok(Self::LastReturn),
            (Self::SizeEnd { size }, b'\n') => Ok(Self::Data { left: size }),
            (Self::DataReturn, b'\r') => Ok(Self::DataEnd),
            (Self::DataEnd, b'\n') => Ok(Self::START),
            (Self::LastReturn, b'\r') => Ok(Self::LastEnd),
            (Self::LastEnd, b'\n') => Ok(Self::Done),
            (Self::LastReturn, b'!'..=b'~') => Err(Refusal::Trailer),
            _ => Err(Refusal::Chunk),
        }
    }

    fn after_digit(self, byte: u8) -> Result<Self, Refusal> {
        match (self, char::from(byte).to_digit(16)) {
            (Self::Size { digits, size }, Some(digit)) => {
                Ok(Self::Size { digits: digits + 1, size: size * 16 + u64::from(digit) })
            }
            _ => Err(Refusal::Chunk),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: Result<usize, Refusal>) {
        let mut chunks = Chunks::START;
        assert_eq!(chunks.advance(body.as_bytes()), expected, "{body:?}");
    }

    #[test]
    fn a_body_ends_where_it_ends() {
        check("0\r\n\r\nGET / ", Ok(5));
        check("3\r\nabc\r\n0\r\n\r\n0", Ok(13));
        check("0A\r\n0\r\n\r\n01234\r\n000\r\n\r\n", Ok(23));
        check("3\r\na", Ok(4));
    }

    #[test]
    fn everything_else_is_refused() {
        for (body, refusal) in [
            ("3\nabc\n0\n\n", Refusal::Chunk),
            ("3\r\nabc\n", Refusal::Chunk),
            ("3\r\nabcd", Refusal::Chunk),
            ("3\rabc", Refusal::Chunk),
            ("\r\n", Refusal::Chunk),
            ("x", Refusal::Chunk),
            ("0x3\r\n", Refusal::Chunk),
            ("-3\r\n", Refusal::Chunk),
            (" 3\r\n", Refusal::Chunk),
            ("1234567890123456\r\n", Refusal::Chunk),
            ("0\r\n\n", Refusal::Chunk),
            ("0\r\n\rx", Refusal::Chunk),
            ("3 \r\n", Refusal::ChunkExtension),
            ("3;a=b\r\n", Refusal::ChunkExtension),
            ("0\r\na: b\r\n\r\n", Refusal::Trailer),
        ] {
            check(body, Err(refusal));
        }
    }
}
