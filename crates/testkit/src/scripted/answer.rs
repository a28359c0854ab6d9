//! What a scripted provider says to one request, and how it ends.

use std::time::Duration;

/// One answer: a pause, a head, a body and an end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How long nothing is sent.
    pub delay: Duration,
    /// The status line's code.
    pub status: u16,
    /// Headers in the order they are sent. The framing header is added to them.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, and how it is framed.
    pub body: Body,
    /// What comes after the last byte of `body`.
    pub end: End,
}

/// A body and its framing.
#[derive(Clone, Debug)]
pub enum Body {
    /// Sent at once, under `content-length`.
    Whole(Vec<u8>),
    /// Each piece a chunk of its own, sent after its pause, under `transfer-encoding: chunked`.
    Chunks(Vec<(Duration, Vec<u8>)>),
    /// The bytes are the whole answer, status line and headers included; the connection closes after them.
    Raw(Vec<u8>),
}

/// How an answer ends, after all of its body was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As the framing promises; the connection stays open for the next request.
    Clean,
    /// The connection is closed, though the framing promises more.
    Cut,
    /// The connection is reset, though the framing promises more.
    Reset,
    /// Nothing more comes, though the framing promises more, until the client hangs up.
    Hang,
}

impl Answer {
    /// Makes a complete answer without headers.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = Body::Whole(body.into());
        Self { delay: Duration::ZERO, status, headers: Vec::new(), body, end: End::Clean }
    }

    /// Makes a complete answer of JSON text.
    pub fn json(status: u16, json: impl Into<Vec<u8>>) -> Self {
        Self::new(status, json).header("content-type", "application/json")
    }

    /// Makes a status 200 answer with one chunk for each piece.
    pub fn stream<P: Into<Vec<u8>>>(
        content_type: &str,
        pieces: impl IntoIterator<Item = P>,
    ) -> Self {
        let chunks = pieces.into_iter().map(|piece| (Duration::ZERO, piece.into())).collect();
        Self { body: Body::Chunks(chunks), ..Self::new(200, "") }
            .header("content-type", content_type)
    }

    /// Makes an answer of exactly these bytes, status line and headers included.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { body: Body::Raw(bytes.into()), ..Self::new(0, "") }
    }

    /// Makes an answer that never comes.
    #[must_use]
    pub fn silence() -> Self {
        Self::raw("").ending(End::Hang)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sends nothing, not even the head, for `delay`.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Ends in another way than cleanly.
    #[must_use]
    pub fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// The bytes before the body.
    pub(super) fn head(&self) -> Vec<u8> {
        let framing = match &self.body {
            Body::Raw(_) => return Vec::new(),
            Body::Whole(bytes) if self.end == End::Clean => {
                format!("content-length: {}\r\n\r\n", bytes.len())
            }
            Body::Whole(bytes) => format!("content-length: {}\r\n\r\n", bytes.len() + 1),
            Body::Chunks(_) => "transfer-encoding: chunked\r\n\r\n".to_owned(),
        };
        let mut head = format!("HTTP/1.1 {} \r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        head.extend(framing.bytes());
        head
    }
}
