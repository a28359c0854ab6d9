//! The name of one request, in its answer and in the log.

use std::fmt;

use http::HeaderValue;

/// A random 128-bit number, written as 32 hexadecimal digits. Never taken from the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(u128);

impl RequestId {
    /// Draws a new one.
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        // A failing source leaves zeros: a request without a name of its own is still answered.
        let _ = aws_lc_rs::rand::fill(&mut bytes);
        Self(u128::from_ne_bytes(bytes))
    }

    pub(crate) fn header_value(self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).unwrap_or(HeaderValue::from_static("0"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
