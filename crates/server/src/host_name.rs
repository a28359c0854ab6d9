//! A host as written in a Host header, an origin, or on the command line: `NAME[:PORT]`.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::str::FromStr;

use thiserror::Error;

/// A host name or address, and a port if one was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostName {
    /// Lower case; an IPv6 address in brackets.
    pub(crate) name: String,
    pub(crate) port: Option<u16>,
}

/// The text is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a host name or address and optionally a port, such as gateway.example:8443")]
pub struct HostNameError;

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, HostNameError> {
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, Some(port_number(port)?)),
            _ => (text, None),
        };
        if is_name(name) || is_bracketed_address(name) {
            Ok(Self { name: name.to_ascii_lowercase(), port })
        } else {
            Err(HostNameError)
        }
    }
}

fn port_number(text: &str) -> Result<u16, HostNameError> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if canonical { text.parse().map_err(|_| HostNameError) } else { Err(HostNameError) }
}

fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_bracketed_address(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

impl From<SocketAddr> for HostName {
    fn from(address: SocketAddr) -> Self {
        let name = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        Self { name, port: Some(address.port()) }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for (text, written) in [
            ("localhost", "localhost"),
            ("LocalHost:8000", "localhost:8000"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("[::1]", "[::1]"),
            ("[FE80::1]:65535", "[fe80::1]:65535"),
            ("a_b.c-d.example:443", "a_b.c-d.example:443"),
        ] {
            assert_eq!(text.parse::<HostName>().map(|name| name.to_string()), Ok(written.into()));
        }
    }

    #[test]
    fn other_texts_are_no_names() {
        for text in [
            "",
            ":",
            ":80",
            "a:",
            "a:0",
            "a:080",
            "a:+80",
            "a:-1",
            "a:65536",
            "a:80:80",
            "a: 80",
            "a:8o",
            "a.",
            "a.:80",
            ".a",
            "a..b",
            "a b",
            "a/b",
            "a/?",
            "a?",
            "a#",
            "u@a",
            "u:p@a",
            "a,b",
            "a\\b",
            "a%41",
            "\u{e9}",
            "[::1",
            "::1",
            "[::1]x",
            "[::1]:",
            "[fe80::1%eth0]",
            "[localhost]",
            "[]",
            "http://a",
            "*",
            "*.a",
        ] {
            assert_eq!(text.parse::<HostName>(), Err(HostNameError), "{text:?}");
        }
        assert_eq!(format!("{}a", "a.".repeat(127)).parse::<HostName>(), Err(HostNameError));
    }
}
