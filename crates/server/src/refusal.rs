//! Every reason for which the door itself turns a request away.

use grants::Scope;
use http::StatusCode;
use http::header::{self, HeaderValue};
use thiserror::Error;

use crate::Response;
use crate::response::detail;

/// Why a request went no further than the door; displays as the sentence that the caller reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    // How the bytes of a message are divided: RFC 9112.
    #[error("lines must end in CRLF")]
    BareLineFeed,
    #[error("a carriage return must be followed by a line feed")]
    BareCarriageReturn,
    #[error("the request line must be METHOD, one space, target, one space, HTTP/1.1")]
    RequestLine,
    #[error("only HTTP/1.1 and HTTP/1.0 are spoken here")]
    Version,
    #[error("this is not a proxy: CONNECT is not served")]
    Connect,
    #[error("the request target must be a path, or a URL of this host, of visible ASCII")]
    Target,
    #[error("a header line must be NAME, a colon, and a value without control characters")]
    Header,
    #[error("a header must not continue on a second line")]
    FoldedHeader,
    #[error("send Content-Length or Transfer-Encoding, not both")]
    LengthAndEncoding,
    #[error("send Content-Length once")]
    RepeatedLength,
    #[error("Content-Length must be a decimal number")]
    Length,
    #[error("send Transfer-Encoding once")]
    RepeatedEncoding,
    #[error("Transfer-Encoding must be `chunked`")]
    Encoding,
    #[error("Transfer-Encoding needs HTTP/1.1")]
    EncodingInHttp10,
    #[error("a chunk must be its size in hexadecimal, CRLF, that many bytes, CRLF")]
    Chunk,
    #[error("chunk extensions are not served")]
    ChunkExtension,
    #[error("trailers are not served")]
    Trailer,
    #[error("the request line and headers are too large")]
    HeadTooLarge,
    #[error("there are too many headers")]
    TooManyHeaders,
    #[error("the request line and headers arrived too slowly")]
    HeadTooSlow,

    // Which host is meant.
    #[error("the Host header is missing")]
    HostMissing,
    #[error("send the Host header once")]
    HostRepeated,
    #[error(
        "the Host header must be a host name or address, with its port where it is not 80 or 443"
    )]
    HostMalformed,
    #[error("the Host header and the request target name different hosts")]
    HostContradicted,
    #[error("this host name is not served here: start with --host NAME to add it")]
    HostUnknown,

    // Which page asks.
    #[error("pages of other sites may not call this gateway")]
    OtherSite,
    #[error("pages of this origin may not call this gateway")]
    OtherOrigin,

    // Who asks, and for what.
    #[error("the request carries different keys: send one")]
    ConflictingKeys,
    #[error("send a valid key as `Authorization: Bearer KEY`")]
    NoValidKey,
    #[error("this key lacks the scope `{0}`: use one that has it")]
    MissingScope(Scope),
    #[error(
        "the path must be in its normal spelling: no `//`, `.`, `..`, backslash, encoded slash or control character"
    )]
    PathNotNormal,
    #[error("the path must be percent-encoded UTF-8")]
    PathEncoding,
    #[error("there is nothing at this path")]
    NotFound,
    #[error("this path does not take this method")]
    Method,
}

impl Refusal {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::BareLineFeed
            | Self::BareCarriageReturn
            | Self::RequestLine
            | Self::Version
            | Self::Connect
            | Self::Target
            | Self::Header
            | Self::FoldedHeader
            | Self::LengthAndEncoding
            | Self::RepeatedLength
            | Self::Length
            | Self::RepeatedEncoding
            | Self::Encoding
            | Self::EncodingInHttp10
            | Self::Chunk
            | Self::ChunkExtension
            | Self::Trailer
            | Self::HostMissing
            | Self::HostRepeated
            | Self::HostMalformed
            | Self::HostContradicted
            | Self::ConflictingKeys
            | Self::PathNotNormal
            | Self::PathEncoding => StatusCode::BAD_REQUEST,
            Self::NoValidKey => StatusCode::UNAUTHORIZED,
            Self::OtherSite | Self::OtherOrigin | Self::MissingScope(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::HeadTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::HostUnknown => StatusCode::MISDIRECTED_REQUEST,
            Self::HeadTooLarge | Self::TooManyHeaders => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
        }
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let mut response = detail(refusal.status(), &refusal.to_string());
        if refusal == Refusal::NoValidKey {
            let challenge = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
