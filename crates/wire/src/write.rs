//! Writes server-sent events.

/// Appends one event to `out`. Line ends in `data` become separate `data:` lines; `event` is one line.
pub fn write_sse(event: Option<&str>, data: &str, out: &mut Vec<u8>) {
    if let Some(event) = event.and_then(|event| event.lines().next()) {
        write_field("event", event, out);
    }
    for line in data.split(['\n', '\r']) {
        write_field("data", line, out);
    }
    out.push(b'\n');
}

fn write_field(field: &str, value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(field.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::write_sse;

    #[test]
    fn data_cannot_break_out_of_its_event() {
        let mut out = Vec::new();
        write_sse(Some("done"), "a\n\nb", &mut out);
        assert_eq!(out, b"event: done\ndata: a\ndata: \ndata: b\n\n");
    }
}
