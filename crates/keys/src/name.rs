//! What keys and projects may be called.

/// As long as the name of a provider.
const MOST_CHARACTERS: usize = 64;

/// Holds a key's name to its rule.
pub(crate) fn check_key(name: &str) -> Result<(), String> {
    let characters = name.chars().count();
    let is_one = (1..=MOST_CHARACTERS).contains(&characters)
        && name.trim() == name
        && !name.contains(char::is_control);
    if is_one {
        return Ok(());
    }
    Err(format!(
        "the name of a key has 1 to {MOST_CHARACTERS} characters, no control characters, and no space at either end"
    ))
}

/// Holds a project's name to its rule.
pub(crate) fn check_project(name: &str) -> Result<(), String> {
    let is_one = (1..=MOST_CHARACTERS).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_one {
        return Ok(());
    }
    Err(format!(
        "the name of a project has 1 to {MOST_CHARACTERS} of A-Z a-z 0-9 . _ -, and starts with a letter or digit"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys() {
        for name in ["a", "CI of the web team", "ä", &"ä".repeat(64)] {
            assert!(check_key(name).is_ok(), "{name}");
        }
        for name in ["", " ", " a", "a ", "a\nb", "\u{1b}[2J", &"a".repeat(65)] {
            assert!(check_key(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn names_of_projects() {
        for name in ["a", "web-2.0_x", "9", &"a".repeat(64)] {
            assert!(check_project(name).is_ok(), "{name}");
        }
        for name in ["", ".a", "-a", "a b", "a/b", "ä", "a\n", &"a".repeat(65)] {
            assert!(check_project(name).is_err(), "{name:?}");
        }
    }
}
