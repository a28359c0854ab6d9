//! Query strings of what a verb asks.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Puts the parameters that are set behind a path.
pub fn with_query(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut target = path.to_owned();
    for (name, value) in parameters {
        let Some(value) = value else { continue };
        let separator = if target.contains('?') { '&' } else { '?' };
        target.push(separator);
        target.push_str(name);
        target.push('=');
        target.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
    target
}

/// A piece of text as one segment of a path.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn what_is_set_is_sent_and_escaped() {
        let check = |parameters: &[(&str, Option<&str>)], expected: &str| {
            assert_eq!(with_query("/api/usage", parameters), expected);
        };
        check(&[], "/api/usage");
        check(&[("by", None)], "/api/usage");
        check(&[("by", None), ("model", Some("a/b&c"))], "/api/usage?model=a%2Fb%26c");
        check(&[("by", Some("day")), ("key", Some("é"))], "/api/usage?by=day&key=%C3%A9");
    }
}
