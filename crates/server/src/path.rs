//! Paths arrive in their one normal spelling, or are refused.
//!
//! We never rewrite a path: whoever sends `/v1/../admin` means to be read in two ways.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::refusal::Refusal;

/// Checks that no one downstream or upstream of us could read the path as another. An encoded slash is for whoever
/// matches the path to judge: see [`has_encoded_slash`].
pub(crate) fn check(path: &str) -> Result<(), Refusal> {
    let segments = path.strip_prefix('/').ok_or(Refusal::PathNotNormal)?;
    let count = segments.split('/').count();
    for (index, raw) in segments.split('/').enumerate() {
        if raw.is_empty() && index + 1 < count {
            return Err(Refusal::PathNotNormal);
        }
        let segment = decode(raw)?;
        let crooked = |c: char| c.is_control() || c == '\\';
        let is_step = |name: &str| name == "." || name == "..";
        if segment.split('/').any(is_step) || segment.contains(crooked) {
            return Err(Refusal::PathNotNormal);
        }
    }
    Ok(())
}

/// Whether a slash is written so that it divides no segments. Only a parameter that may hold slashes anyway, such as
/// a model's id, can be read in one way then.
pub(crate) fn has_encoded_slash(path: &str) -> bool {
    path.as_bytes().windows(3).any(|bytes| bytes.eq_ignore_ascii_case(b"%2f"))
}

/// Percent-decodes one value taken from a path.
pub(crate) fn decode(raw: &str) -> Result<Cow<'_, str>, Refusal> {
    let mut rest = raw.as_bytes();
    while let Some(at) = memchr::memchr(b'%', rest) {
        match rest.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => {
                rest = rest.get(at + 3..).unwrap_or_default();
            }
            _ => return Err(Refusal::PathEncoding),
        }
    }
    percent_decode_str(raw).decode_utf8().map_err(|_| Refusal::PathEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_paths_pass() {
        for path in
            ["/", "/a", "/a/", "/a.b/..c", "/v1/models/a%20b", "/x/%C3%A9", "/a:b@c;d", "/..."]
        {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn crooked_paths_are_refused() {
        for path in [
            "",
            "*",
            "a",
            "//",
            "//v1",
            "/v1//models",
            "/v1//",
            "/.",
            "/..",
            "/./a",
            "/a/.",
            "/a/../b",
            "/%2e",
            "/a/%2E%2e/b",
            "/a/.%2e/b",
            "/a%2f..",
            "/a%2F.%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%00b",
            "/a%0d%0ab",
            "/a%7f",
            "/a%c2%85b",
        ] {
            assert_eq!(check(path), Err(Refusal::PathNotNormal), "{path}");
        }
        for (path, expected) in [("/a%2fb", true), ("/a%2Fb", true), ("/a/b", false)] {
            assert_eq!((check(path), has_encoded_slash(path)), (Ok(()), expected), "{path}");
        }
        for path in ["/%", "/%2", "/%zz", "/a%f", "/%ff", "/%c3(", "/%+1"] {
            assert_eq!(check(path), Err(Refusal::PathEncoding), "{path}");
        }
    }
}
