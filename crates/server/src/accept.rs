//! Which kind of answer a caller asks for: a page, or JSON.

use http::HeaderMap;
use http::header::ACCEPT;

/// Whether the caller asks for JSON and would not take a page. Browsers always name `text/html`.
pub fn asks_for_json(headers: &HeaderMap) -> bool {
    let mut json = false;
    for value in headers.get_all(ACCEPT) {
        let kinds = value.as_bytes().split(|byte| *byte == b',');
        for kind in kinds.filter_map(|kind| kind.split(|byte| *byte == b';').next()) {
            let kind = kind.trim_ascii();
            if kind.eq_ignore_ascii_case(b"text/html") {
                return false;
            }
            json |= kind.eq_ignore_ascii_case(b"application/json");
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(accepts: &[&'static str], expected: bool) {
        let values = accepts.iter().map(|value| (ACCEPT, HeaderValue::from_static(value)));
        assert_eq!(asks_for_json(&values.collect()), expected, "{accepts:?}");
    }

    #[test]
    fn programs_name_json() {
        check(&["application/json"], true);
        check(&["application/json, text/plain, */*"], true);
        check(&["text/plain", "Application/JSON;q=0.9"], true);
    }

    #[test]
    fn browsers_name_html_and_others_do_not_care() {
        check(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], false);
        check(&["application/json", "text/html"], false);
        check(&["*/*"], false);
        check(&["application/json-seq"], false);
        check(&[], false);
    }
}
