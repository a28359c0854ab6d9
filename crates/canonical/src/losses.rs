//! What a translation could not carry.

use std::fmt;

/// How many names are kept; of more there is a count.
const MOST_NAMES: usize = 100;

/// How much of a name is kept.
const MOST_CHARACTERS: usize = 100;

/// The names of request members that a translation dropped or changed, in the order they were met.
///
/// They ride along into the `x-closedpaw-dropped` header, a log field, or a refusal. Callers make names up, so each is
/// kept in a form that fits a list in a header, and a call of very many costs no more than one of a hundred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    names: Vec<String>,
    /// How many notes there were once the names were too many; a name may count twice.
    more: usize,
}

impl Losses {
    /// Notes that `member` was dropped or changed; a second note of the same name counts once.
    pub fn note(&mut self, member: impl Into<String>) {
        let member = legible(member.into());
        if self.names.contains(&member) {
            return;
        }
        if self.names.len() < MOST_NAMES {
            self.names.push(member);
        } else {
            self.more += 1;
        }
    }

    /// Whether everything was carried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Iterates over the names that were kept.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.names.join(", "))?;
        match self.more {
            0 => Ok(()),
            more => write!(out, ", and {more} more"),
        }
    }
}

/// The name as it stands in a list: visible ASCII without the list's comma, everything else escaped, and cut where it
/// is long.
fn legible(name: String) -> String {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b',';
    if !name.is_empty() && name.len() <= MOST_CHARACTERS && name.bytes().all(is_plain) {
        return name;
    }
    let mut legible = String::new();
    for character in name.chars() {
        if legible.len() >= MOST_CHARACTERS {
            legible.push_str("...");
            return legible;
        }
        match u8::try_from(character) {
            Ok(byte) if is_plain(byte) => legible.push(character),
            Ok(_) | Err(_) => legible.extend(character.escape_unicode()),
        }
    }
    if legible.is_empty() { "\"\"".to_owned() } else { legible }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expected: &str) {
        let mut losses = Losses::default();
        for name in names {
            losses.note(*name);
        }
        assert_eq!(losses.to_string(), expected);
        assert_eq!(losses.is_empty(), expected.is_empty());
    }

    #[test]
    fn names_make_a_list() {
        check(&[], "");
        check(&["n", "messages.audio", "n"], "n, messages.audio");
    }

    #[test]
    fn a_name_that_a_caller_made_up_fits_a_header() {
        check(&["a\r\nset-cookie: b=c"], "a\\u{d}\\u{a}set-cookie:\\u{20}b=c");
        check(&["a, b", "ü", ""], "a\\u{2c}\\u{20}b, \\u{fc}, \"\"");
        let long = "x".repeat(20_000);
        check(&[&long], &format!("{}...", "x".repeat(MOST_CHARACTERS)));
        check(&[&"x".repeat(MOST_CHARACTERS)], &"x".repeat(MOST_CHARACTERS));
    }

    #[test]
    fn of_very_many_names_there_is_a_count() {
        let mut losses = Losses::default();
        for number in 0..1_000_000 {
            losses.note(format!("made_up_{number}"));
        }
        let told = losses.to_string();
        assert!(told.ends_with("made_up_99, and 999900 more"), "{told}");
        assert_eq!(losses.iter().count(), MOST_NAMES);
    }
}
