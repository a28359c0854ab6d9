//! The name that a provider is registered and called by.

use std::{borrow::Borrow, fmt};

/// Words that cannot be names because they are routes.
const ROUTE_WORDS: [&str; 3] = ["health", "models", "register"];

/// A checked provider name: 1 to 64 of `A-Z a-z 0-9 . _ -`, starting with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderName(String);

impl ProviderName {
    /// Checks `name`.
    ///
    /// # Errors
    ///
    /// Returns the sentence that says what a name must be.
    pub fn parse(name: &str) -> Result<Self, String> {
        let well_formed = (1..=64).contains(&name.len())
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !well_formed {
            return Err(
                "Invalid provider name: use 1 to 64 of A-Z a-z 0-9 . _ - and start with a \
                        letter or digit"
                    .to_owned(),
            );
        }
        if ROUTE_WORDS.contains(&name) {
            return Err(format!(
                "Invalid provider name: '{name}' is a word of the API's own paths; choose another"
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ProviderName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ProviderName;

    #[test]
    fn names_follow_the_rule() {
        let longest = "a".repeat(64);
        for good in ["a", "9", "openai", "my.gpt_4-x", "Health", "models2", &longest] {
            assert!(ProviderName::parse(good).is_ok(), "{good:?}");
        }
        let too_long = "a".repeat(65);
        for bad in [
            "", ".a", "-a", "_a", "a b", "a/b", "é", "a\n", "health", "models", "register",
            &too_long,
        ] {
            assert!(ProviderName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
