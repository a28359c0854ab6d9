//! Headers that a provider's owner wants sent with every request to it.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use vault::Secret;

/// Headers that frame a message or steer the gateway, and are therefore its own to set.
const RESERVED: [&str; 14] = [
    "accept-encoding",
    "connection",
    "expect",
    "forwarded",
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
pub(crate) fn parse(headers: BTreeMap<String, String>) -> Result<ExtraHeaders, String> {
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
        HeaderValue::from_str(&value)
            .map_err(|_| format!("The value of header '{lower}' holds control characters"))?;
        if checked.insert(lower.to_owned(), Secret::new(value)).is_some() {
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
        let parsed =
            parse(headers(&[("X-Team", "blue"), ("authorization", "Basic eA==")])).unwrap();
        assert_eq!(parsed["x-team"].expose(), "blue");
        assert_eq!(parsed["authorization"].expose(), "Basic eA==");
    }

    #[track_caller]
    fn check_refused(given: &[(&str, &str)], sentence: &str) {
        let error = parse(headers(given)).unwrap_err();
        assert_eq!(error, sentence);
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn headers_of_the_gateway_are_refused() {
        for name in [
            "Host",
            "Content-Length",
            "content-type",
            "Content-Anything",
            "Transfer-Encoding",
            "Connection",
            "Keep-Alive",
            "TE",
            "Upgrade",
            "Proxy-Authorization",
            "X-ClosedPaw-Provider",
        ] {
            let lower = name.to_lowercase();
            let sentence = format!("Header '{lower}' can't be set: the gateway sets it itself");
            check_refused(&[(name, "hush")], &sentence);
        }
    }

    #[test]
    fn what_no_header_can_be_is_refused_without_its_value() {
        check_refused(&[("bad name", "hush")], "Invalid header name \"bad name\"");
        check_refused(&[("", "hush")], "Invalid header name \"\"");
        for value in ["hush\r\nx-b: 2", "hush\n", "hush\0", "hush\u{7f}"] {
            check_refused(&[("x-a", value)], "The value of header 'x-a' holds control characters");
        }
        check_refused(&[("x-a", "hush"), ("X-A", "hush")], "Header 'x-a' is given twice");
        let many: Vec<_> = (0..33).map(|number| format!("x-{number}")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), "hush")).collect();
        check_refused(&many, "Too many headers: at most 32 may be set");
        assert_eq!(parse(headers(&many[1..])).unwrap().len(), 32);
    }
}
