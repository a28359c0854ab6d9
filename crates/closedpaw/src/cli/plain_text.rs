//! Text from elsewhere made safe to show: a terminal obeys control characters, so none reaches one.

use std::fmt::Write as _;

/// Replaces every control character, line ends included: for a cell, a name, a line.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_control(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Replaces every control character but line ends and tabs: for a text of many lines.
pub fn paragraphs(text: &str) -> String {
    let kept = |c| matches!(c, '\n' | '\t') || !is_control(c);
    text.chars().map(|c| if kept(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// Escapes the control characters that JSON may hold raw. They stand in strings only, so it stays the same JSON.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_control(c) {
            out.push(c);
        } else {
            let _infallible = write!(out, "\\u{:04x}", u32::from(c));
        }
    }
    out
}

/// Whether a terminal might obey `c` instead of showing it: control characters and those that turn the
/// direction of writing, all of which have four hex digits.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{is_control, json, one_line, paragraphs};

    const HOSTILE: &str = "a\u{1b}[31m\u{9b}2J\u{202e}b\u{7f}\r\n\tc é 猫";

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert!(!one_line(HOSTILE).contains(is_control));
        assert_eq!(paragraphs(HOSTILE).matches(is_control).collect::<String>(), "\n\t");
        assert!(one_line(HOSTILE).ends_with("c é 猫"));
    }

    #[test]
    fn escaped_json_is_the_same_json() {
        let value = serde_json::json!({ "text": HOSTILE });
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let escaped = json(&text);
            assert!(!escaped.contains(|c| c != '\n' && is_control(c)), "{escaped}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
        }
    }
}
