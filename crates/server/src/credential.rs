//! The one key that a request carries, whichever header it uses.

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use keys::Caller;

use crate::refusal::Refusal;

/// Finds out who calls.
pub trait Authenticate: Send + Sync {
    /// Whose `key` is, if it is one that we gave out and did not take back. Takes the same time for all.
    fn authenticate(&self, key: &str) -> Option<Arc<Caller>>;
}

/// Finds the key. The same key in several places is one key; what is no key counts as none.
pub(crate) fn presented(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let bearer = headers.get_all(AUTHORIZATION).iter().filter_map(|value| bearer(value.as_bytes()));
    let own = ["x-api-key", "x-goog-api-key"]
        .into_iter()
        .flat_map(|name| headers.get_all(name))
        .map(|value| value.as_bytes());

    let mut keys = bearer.chain(own).map(<[u8]>::trim_ascii).filter(|key| !key.is_empty());
    let Some(first) = keys.next() else { return Ok(None) };
    if keys.any(|other| other != first) {
        return Err(Refusal::ConflictingKeys);
    }
    Ok(str::from_utf8(first).ok())
}

/// `Bearer KEY`; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(key)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected: Result<Option<&str>, Refusal>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        assert_eq!(presented(&map), expected, "{headers:?}");
    }

    #[test]
    fn a_key_is_found_in_each_place() {
        check(&[], Ok(None));
        for scheme in ["Bearer K", "bearer K", "BEARER   K", "bEaReR K "] {
            check(&[("authorization", scheme)], Ok(Some("K")));
        }
        check(&[("x-api-key", "K")], Ok(Some("K")));
        check(&[("x-goog-api-key", "K")], Ok(Some("K")));
    }

    #[test]
    fn what_is_no_key_counts_as_none() {
        for value in ["Basic Szpr", "Bearer", "Bearer ", "BearerK", "K", ""] {
            check(&[("authorization", value)], Ok(None));
        }
        check(&[("x-api-key", "")], Ok(None));
        check(&[("api-key", "K")], Ok(None));
        check(&[("cookie", "key=K")], Ok(None));
    }

    #[test]
    fn one_key_may_come_twice_but_two_may_not() {
        check(&[("authorization", "Bearer K"), ("x-api-key", "K")], Ok(Some("K")));
        check(&[("x-api-key", "K"), ("x-api-key", "K")], Ok(Some("K")));
        check(&[("authorization", "Basic b"), ("x-api-key", "K")], Ok(Some("K")));
        let conflict = Err(Refusal::ConflictingKeys);
        check(&[("authorization", "Bearer K"), ("x-api-key", "L")], conflict);
        check(&[("x-goog-api-key", "K"), ("x-api-key", "k")], conflict);
        check(&[("authorization", "Bearer K"), ("authorization", "Bearer L")], conflict);
        check(&[("x-api-key", "K"), ("x-api-key", "L")], conflict);
    }
}
