//! Text that is never shown by accident and is wiped from memory when dropped.

use std::fmt;

use zeroize::Zeroizing;

/// A credential. It cannot be displayed, serialized or compared; only [`Secret::expose`] gives the text.
///
/// ```
/// let key = vault::Secret::new("sk-0123456789abcdefghij");
/// assert_eq!(format!("{key:?}"), "Secret(..)");
/// ```
///
/// ```compile_fail,E0277
/// let key = vault::Secret::new("sk-0123456789abcdefghij");
/// println!("{key}");
/// ```
///
/// ```compile_fail,E0369
/// let key = vault::Secret::new("sk-0123456789abcdefghij");
/// let guessed = key == key;
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Characters that a secret must have before its last four say too little to help a guess.
    const HINTED_FROM_CHARACTERS: usize = 20;

    /// Takes `text` over. A `String` is moved, so that no copy stays behind.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, for the one place that uses it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last four characters, by which people tell keys apart; nothing of a secret shorter than 20 characters.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        let mut from_the_end = self.0.char_indices().rev();
        let (start, _) = from_the_end.nth(3)?;
        from_the_end.nth(Self::HINTED_FROM_CHARACTERS - 5)?;
        self.0.get(start..)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_the_last_four_characters_of_long_secrets_only() {
        let cases = [
            ("", None),
            ("abc", None),
            ("1234567890123456789", None),
            ("12345678901234567890", Some("7890")),
            ("ääääääääääääääääääää", Some("ääää")),
            ("äääääääääääääääääää", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Secret::new(text).hint(), expected, "{text}");
        }
    }

    #[test]
    fn debug_prints_nothing_of_it() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "read by the derived Debug alone")]
        struct Holder {
            api_key: Option<Secret>,
        }
        let holder = Holder { api_key: Some(Secret::new("canary-0123456789-canary")) };
        assert_eq!(format!("{holder:?}"), "Holder { api_key: Some(Secret(..)) }");
    }
}
