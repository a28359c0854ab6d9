//! One request head, read strictly: is it well formed, and how is its body divided?
//!
//! hyper parses the head again. This reading exists because hyper (like most servers) forgives what
//! two readers may understand differently, and that is what request smuggling is made of.
//! RFC 9112, sections 2 to 6.

use crate::refusal::Refusal;

/// How the bytes after a head are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    Bytes(u64),
    Chunked,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Http10,
    Http11,
}

/// Reads a head whose lines are known to end in CRLF, up to and with the empty line.
pub(crate) fn body_length(head: &[u8], most_headers: usize) -> Result<BodyLength, Refusal> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r"));
    let version = request_line(lines.next().flatten().unwrap_or_default())?;
    let mut length = None;
    let mut chunked = false;
    for (index, line) in lines.flatten().take_while(|line| !line.is_empty()).enumerate() {
        if index == most_headers {
            return Err(Refusal::TooManyHeaders);
        }
        let (name, value) = header(line)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            if length.replace(decimal(value)?).is_some() {
                return Err(Refusal::RepeatedLength);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if std::mem::replace(&mut chunked, true) {
                return Err(Refusal::RepeatedEncoding);
            }
            if value != b"chunked" {
                return Err(Refusal::Encoding);
            }
        }
    }
    match (length, chunked, version) {
        (Some(_), true, _) => Err(Refusal::LengthAndEncoding),
        (None, true, Version::Http10) => Err(Refusal::EncodingInHttp10),
        (None, true, Version::Http11) => Ok(BodyLength::Chunked),
        (length, false, _) => Ok(BodyLength::Bytes(length.unwrap_or(0))),
    }
}

fn request_line(line: &[u8]) -> Result<Version, Refusal> {
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::RequestLine);
    };
    let version = match version {
        b"HTTP/1.1" => Version::Http11,
        b"HTTP/1.0" => Version::Http10,
        other if other.starts_with(b"HTTP/") => return Err(Refusal::Version),
        _ => return Err(Refusal::RequestLine),
    };
    if method.is_empty() || !method.iter().all(is_token) {
        return Err(Refusal::RequestLine);
    }
    if method.eq_ignore_ascii_case(b"CONNECT") {
        return Err(Refusal::Connect);
    }
    target_is_served(target).then_some(version).ok_or(Refusal::Target)
}

/// A path, or the `http://host/path` that clients send who take us for a proxy. Nothing else: so
/// `*` can never be a client's.
fn target_is_served(target: &[u8]) -> bool {
    let visible = target.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#');
    let known_form = target.starts_with(b"/")
        || target.starts_with(b"http://")
        || target.starts_with(b"https://");
    visible && known_form && http::Uri::try_from(target).is_ok()
}

fn header(line: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return Err(Refusal::FoldedHeader);
    }
    let colon = memchr::memchr(b':', line).ok_or(Refusal::Header)?;
    let (name, value) = line.split_at(colon);
    let value = value.get(1..).unwrap_or_default();
    if value.contains(&b'\r') {
        return Err(Refusal::BareCarriageReturn);
    }
    let plain = value.iter().all(|byte| !byte.is_ascii_control() || *byte == b'\t');
    if name.is_empty() || !name.iter().all(is_token) || !plain {
        return Err(Refusal::Header);
    }
    Ok((name, trim(value)))
}

/// Optional white space is space and tab, and nothing else.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Digits alone: no sign, no list, no more than fit a file.
fn decimal(value: &[u8]) -> Result<u64, Refusal> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Length);
    }
    Ok(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, expected: Result<BodyLength, Refusal>) {
        assert_eq!(body_length(head.as_bytes(), 3), expected, "{head:?}");
    }

    fn check_headers(headers: &str, expected: Result<BodyLength, Refusal>) {
        check(&format!("POST / HTTP/1.1\r\n{headers}\r\n\r\n"), expected);
    }

    #[test]
    fn a_body_is_divided_in_one_of_three_ways() {
        check("GET / HTTP/1.1\r\n\r\n", Ok(BodyLength::Bytes(0)));
        check("GET /a?b HTTP/1.0\r\nhost: x\r\n\r\n", Ok(BodyLength::Bytes(0)));
        check("GET http://x/a HTTP/1.1\r\nhost: x\r\n\r\n", Ok(BodyLength::Bytes(0)));
        check_headers("content-length: 0", Ok(BodyLength::Bytes(0)));
        check_headers("CONTENT-LENGTH:\t 0042 \t", Ok(BodyLength::Bytes(42)));
        check_headers("Transfer-Encoding: chunked", Ok(BodyLength::Chunked));
        check_headers("a:\r\nb: \u{e9}\r\ncontent-length: 7", Ok(BodyLength::Bytes(7)));
    }

    #[test]
    fn two_ways_at_once_are_refused() {
        for (headers, refusal) in [
            ("content-length: 3\r\ntransfer-encoding: chunked", Refusal::LengthAndEncoding),
            ("transfer-encoding: chunked\r\ncontent-length: 3", Refusal::LengthAndEncoding),
            ("content-length: 3\r\ncontent-length: 3", Refusal::RepeatedLength),
            ("content-length: 3\r\nContent-Length: 4", Refusal::RepeatedLength),
            ("transfer-encoding: chunked\r\ntransfer-encoding: chunked", Refusal::RepeatedEncoding),
            ("content-length: 3, 3", Refusal::Length),
            ("content-length: +3", Refusal::Length),
            ("content-length: -3", Refusal::Length),
            ("content-length: 0x3", Refusal::Length),
            ("content-length: 3 3", Refusal::Length),
            ("content-length:", Refusal::Length),
            ("content-length: 99999999999999999999", Refusal::Length),
            ("transfer-encoding: identity", Refusal::Encoding),
            ("transfer-encoding: gzip, chunked", Refusal::Encoding),
            ("transfer-encoding: chunked, identity", Refusal::Encoding),
            ("transfer-encoding: chunked, chunked", Refusal::Encoding),
            ("transfer-encoding: xchunked", Refusal::Encoding),
            ("transfer-encoding: \"chunked\"", Refusal::Encoding),
            ("transfer-encoding:", Refusal::Encoding),
            ("transfer-encoding: chunked\u{b}", Refusal::Header),
        ] {
            check_headers(headers, Err(refusal));
        }
        let old = "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n";
        check(old, Err(Refusal::EncodingInHttp10));
    }

    #[test]
    fn malformed_headers_are_refused() {
        for (headers, refusal) in [
            ("a : b", Refusal::Header),
            ("a\t: b", Refusal::Header),
            (": b", Refusal::Header),
            ("a", Refusal::Header),
            ("a b: c", Refusal::Header),
            ("a\u{e9}: c", Refusal::Header),
            ("a: b\0c", Refusal::Header),
            ("a: b\u{7f}", Refusal::Header),
            ("a: b\u{1b}[0m", Refusal::Header),
            ("a: b\rc: d", Refusal::BareCarriageReturn),
            ("a: b\r\r", Refusal::BareCarriageReturn),
            ("a: b\r\n c", Refusal::FoldedHeader),
            (" a: b", Refusal::FoldedHeader),
            ("a: b\r\n\tc", Refusal::FoldedHeader),
            ("a: 1\r\nb: 2\r\nc: 3\r\nd: 4", Refusal::TooManyHeaders),
        ] {
            check_headers(headers, Err(refusal));
        }
    }

    #[test]
    fn other_request_lines_are_refused() {
        for (line, refusal) in [
            ("", Refusal::RequestLine),
            ("GET /", Refusal::RequestLine),
            ("GET  / HTTP/1.1", Refusal::RequestLine),
            ("GET / HTTP/1.1 ", Refusal::RequestLine),
            (" GET / HTTP/1.1", Refusal::RequestLine),
            ("GET\t/\tHTTP/1.1", Refusal::RequestLine),
            ("GET /a b HTTP/1.1", Refusal::RequestLine),
            ("G\u{e9}T / HTTP/1.1", Refusal::RequestLine),
            ("G(T / HTTP/1.1", Refusal::RequestLine),
            ("GET / http/1.1", Refusal::RequestLine),
            ("GET / HTTP/1.2", Refusal::Version),
            ("GET / HTTP/1.10", Refusal::Version),
            ("GET / HTTP/01.1", Refusal::Version),
            ("GET / HTTP/0.9", Refusal::Version),
            ("PRI * HTTP/2.0", Refusal::Version),
            ("CONNECT evil:443 HTTP/1.1", Refusal::Connect),
            ("connect / HTTP/1.1", Refusal::Connect),
            ("OPTIONS * HTTP/1.1", Refusal::Target),
            ("GET evil:443 HTTP/1.1", Refusal::Target),
            ("GET ftp://x/ HTTP/1.1", Refusal::Target),
            ("GET HTTP://x/ HTTP/1.1", Refusal::Target),
            ("GET http:///a HTTP/1.1", Refusal::Target),
            ("GET a HTTP/1.1", Refusal::Target),
            ("GET /#a HTTP/1.1", Refusal::Target),
            ("GET /\u{e9} HTTP/1.1", Refusal::Target),
            ("GET /\0 HTTP/1.1", Refusal::Target),
            ("GET /\u{7f} HTTP/1.1", Refusal::Target),
            ("GET /\r HTTP/1.1", Refusal::Target),
        ] {
            check(&format!("{line}\r\nhost: x\r\n\r\n"), Err(refusal));
        }
    }
}
