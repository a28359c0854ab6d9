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
        covers(self.0.as_bytes(), name.as_bytes())
    }

    /// Whether every name that `other` means is meant by this one too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        covers(self.0.as_bytes(), other.0.as_bytes())
    }
}

/// Matches greedily from the left, going back to the last `*` where it fails. Where the name is a pattern itself, its
/// `*` is a run of anything, and rightly matched by nothing but a `*`.
fn covers(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut last_star = None;
    while let Some(&byte) = name.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                last_star = Some((at, read));
                at += 1;
            }
            Some(&own) if own == byte => {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of at most `longest` of these characters, the empty one included.
    fn texts(alphabet: &[char], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..longest {
            let longer = |text: &String| -> Vec<String> {
                alphabet.iter().map(|letter| format!("{text}{letter}")).collect()
            };
            last = last.iter().flat_map(longer).collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    /// What a pattern means, said once more in the plainest way.
    fn means(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|from| means(rest, &name[from..])),
            Some((letter, rest)) => name.first() == Some(letter) && means(rest, &name[1..]),
        }
    }

    /// The letter `c` stands in no pattern, for all those that stand in none.
    #[test]
    fn matching_and_covering_are_what_brute_force_finds() {
        let names = texts(&['a', 'b', 'c'], 6);
        let letters: Vec<Vec<char>> = names.iter().map(|name| name.chars().collect()).collect();
        let patterns: Vec<Pattern> =
            texts(&['a', 'b', '*'], 4).iter().skip(1).map(|text| Pattern(text.clone())).collect();
        let mut meant = Vec::new();
        for pattern in &patterns {
            let own: Vec<char> = pattern.0.chars().collect();
            let matched: Vec<bool> = letters.iter().map(|name| means(&own, name)).collect();
            for (name, expected) in names.iter().zip(&matched) {
                assert_eq!(pattern.matches(name), *expected, "{pattern} on {name}");
            }
            meant.push(matched);
        }
        let (mut covered, mut not) = (0, 0);
        for (wide, wide_means) in patterns.iter().zip(&meant) {
            for (narrow, narrow_means) in patterns.iter().zip(&meant) {
                let expected =
                    wide_means.iter().zip(narrow_means).all(|(wide, narrow)| *wide || !narrow);
                assert_eq!(wide.covers(narrow), expected, "{wide} covers {narrow}");
                if expected { covered += 1 } else { not += 1 }
            }
        }
        assert!(covered > 1_000 && not > 1_000, "{covered} {not}");
    }

    #[test]
    fn texts_that_are_no_patterns() {
        for text in ["", "a\nb", "\u{0}", &"a".repeat(322)] {
            assert!(Pattern::parse(text).is_err(), "{text:?}");
        }
        for text in ["*", "ä*", "openai/gpt-4o", " ", &"ä".repeat(321)] {
            assert_eq!(Pattern::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn letters_of_several_bytes_are_never_split() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(
                Pattern::parse(pattern).unwrap().matches(name),
                expected,
                "{pattern} {name}"
            );
        };
        check("ä*", "äb", true);
        check("*ö", "ä", false);
        check("a*ä", "aä", true);
        check("A", "a", false);
    }

    #[test]
    fn hostile_patterns_are_judged_at_once() {
        let pattern = Pattern::parse(&"*a".repeat(160)).unwrap();
        let name = format!("{}b", "a".repeat(100_000));
        assert!(!pattern.matches(&name));
        assert!(!pattern.covers(&Pattern::parse(&format!("{}b", "*a".repeat(160))).unwrap()));
    }
}
