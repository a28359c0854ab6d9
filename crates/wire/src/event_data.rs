//! Reads the data of one server-sent event that was cut out of a stream.

use std::borrow::Cow;

use memchr::memchr2;

/// Returns the `data` of one raw frame, its lines joined by LF; `None` where it has none or is not UTF-8.
#[must_use]
pub fn event_data(frame: &[u8]) -> Option<Cow<'_, str>> {
    let mut rest = std::str::from_utf8(frame).ok()?;
    rest = rest.strip_prefix('\u{feff}').unwrap_or(rest);
    let mut data: Option<Cow<'_, str>> = None;
    while !rest.is_empty() {
        let end = memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end)?;
        rest = after.get(1..).unwrap_or_default();
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        if field != "data" {
            continue;
        }
        let value = value.strip_prefix(' ').unwrap_or(value);
        match &mut data {
            None => data = Some(Cow::Borrowed(value)),
            Some(data) => {
                let data = data.to_mut();
                data.push('\n');
                data.push_str(value);
            }
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::event_data;

    #[test]
    fn reads_one_frame() {
        for (frame, expected) in [
            ("data: a\n\n", Some("a")),
            ("\u{feff}data:a\r\n\r\n", Some("a")),
            ("event: x\r: data: no\rdata: a\rdata\rdata:  b\r\r", Some("a\n\n b")),
            ("data\n\n", Some("")),
            (": ping\n\n", None),
            ("database: x\n\n", None),
            ("\n", None),
        ] {
            assert_eq!(event_data(frame.as_bytes()).as_deref(), expected, "{frame:?}");
        }
        assert_eq!(event_data(b"data: \xff\n\n"), None);
    }
}
