//! Headers that a provider's owner wants sent with every request to it.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use vault::Secret;

/// Headers that frame a message or steer the gateway, and are therefore its own to set.
const RESERVED: [&str; 14] = [
    "accept-encoding",
    "connection",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "forwarded",
];

/// More headers than anyone needs.
const MOST_HEADERS: usize = 32;

/// Checked headers by lower-case name. Their values are secrets.
pub(crate) type ExtraHeaders = BTreeMap<String, Secret>;

/// Checks the headers that an owner wants sent.
///
/// # Errors
///
/// Returns a sentence that names the header and what is wrong with it, never its value.
pub(crate) fn parse(headers: &BTreeMap<String, String>) -> Result<ExtraHeaders, String> {
    if headers.len() > MOST_HEADERS {
        return Err(format!("Too many headers: at most {MOST_HEADERS} may be set"));
    }
    let mut checked = ExtraHeaders::new();
    for (name, value) in headers {
        let parsed = HeaderName::try_from(name.as_str())
            .map_err(|_| format!("Invalid header name {name:?}"))?;
        let lower = parsed.as_str();
        if RESERVED.contains(&lower)
            || lower.starts_with("content-")
            || lower.starts_with("x-closedpaw-")
        {
            return Err(format!("Header '{lower}' can't be set: the gateway sets it itself"));
        }
        HeaderValue::from_str(value)
            .map_err(|_| format!("The value of header '{lower}' holds control characters"))?;
        if checked.insert(lower.to_owned(), Secret::new(value.clone())).is_some() {
            return Err(format!("Header '{lower}' is given twice"));
        }
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::parse;

    fn headers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn names_are_lowered_and_values_kept() {
        let parsed = parse(&headers(&[("X-Team", "blue")])).unwrap();
        assert_eq!(parsed["x-team"].expose(), "blue");
    }

    #[test]
    fn headers_of_the_gateway_are_refused_without_their_values() {
        for name in [
            "Host",
            "Content-Length",
            "content-type",
            "Transfer-Encoding",
            "Connection",
            "X-ClosedPaw-Provider",
            "bad name",
            "",
        ] {
            let error = parse(&headers(&[(name, "hush")])).unwrap_err();
            assert!(!error.contains("hush"), "{error}");
        }
        assert!(parse(&headers(&[("x-a", "1\r\nx-b: 2")])).is_err());
        assert!(parse(&headers(&[("x-a", "1"), ("X-A", "2")])).is_err());
    }
}
