//! Patterns of names: `*` stands for any run of characters, everything else for itself.

use std::fmt;

use thiserror::Error;

/// A pattern of names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(String);

/// A text that is no pattern.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "a pattern has 1 to {MOST_CHARACTERS} characters and no control characters; `*` stands for any run of characters"
)]
pub struct PatternError;

/// As long as the longest name it could mean: a provider's, a slash and a model's.
const MOST_CHARACTERS: usize = 321;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// Fails when the text is empty, too long, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let characters = text.chars().count();
        if characters == 0 || characters > MOST_CHARACTERS || text.contains(char::is_control) {
            return Err(PatternError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `name` is one of those meant.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        covers(self.0.as_bytes(), name.as_bytes(), |_| false)
    }

    /// Whether every name that `other` means is meant by this one too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        covers(self.0.as_bytes(), other.0.as_bytes(), |byte| byte == b'*')
    }
}

/// Matches greedily from the left, going back to the last `*` where it fails. A byte of the name that is itself a run
/// of anything is only matched by a `*`.
fn covers(pattern: &[u8], name: &[u8], is_run: impl Fn(u8) -> bool) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut last_star = None;
    while let Some(&byte) = name.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                last_star = Some((at, read));
                at += 1;
            }
            Some(&own) if own == byte && !is_run(byte) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star, from)) = last_star else { return false };
                last_star = Some((star, from + 1));
                at = star + 1;
                read = from + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// Whether any of the patterns means `name`.
#[must_use]
pub fn any_matches(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

/// Whether every name that `wanted` means is meant by one of the patterns.
#[must_use]
pub fn any_covers(patterns: &[Pattern], wanted: &Pattern) -> bool {
    patterns.iter().any(|pattern| pattern.covers(wanted))
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
