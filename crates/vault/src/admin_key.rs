//! The admin key: what a person or a script presents to manage the gateway.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    constant_time,
    digest::{self, SHA256},
};

use crate::{
    Secret,
    key_file::{self, KeyFileError, Source},
};

const FILE_NAME: &str = "admin.key";
const PREFIX: &str = "cp-admin-";
const EXPECTED: &str = "an admin key (one line of at least 16 printable ASCII characters)";
const START: &str = "start closedpaw serve once to have it made";
const AT_LEAST_CHARACTERS: usize = 16;

/// The digest of the admin key, which is all that checking one takes.
pub struct AdminKey {
    digest: digest::Digest,
}

/// Why a text can't be an admin key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminKeyTextError {
    /// It could be guessed.
    #[error("the admin key has {characters} characters: it needs at least {AT_LEAST_CHARACTERS}")]
    TooShort {
        /// How long it is.
        characters: usize,
    },
    /// It can't be sent in a header as it is.
    #[error(
        "the admin key may hold printable ASCII characters only, and must not begin or end with a space"
    )]
    NotPrintable,
}

impl AdminKey {
    /// Loads `admin.key` from `keys_dir`, or makes one where there is none; the text of a key just made comes with it,
    /// to be shown once.
    ///
    /// # Errors
    ///
    /// Fails if the file is unsafe, holds something else, or can't be read or made.
    pub fn load_or_create(keys_dir: &Path) -> Result<(Self, Option<Secret>), KeyFileError> {
        let path = Self::path(keys_dir);
        let (text, source) = key_file::read_or_create(&path, PREFIX, EXPECTED)?;
        let key = Self::from_text(text.expose())
            .map_err(|_| KeyFileError::Malformed { path, expected: EXPECTED })?;
        match source {
            Source::Made => Ok((key, Some(text))),
            Source::Found => Ok((key, None)),
        }
    }

    /// Reads the text of `admin.key` in `keys_dir`, for a client that has to present it.
    ///
    /// # Errors
    ///
    /// Fails if the file is missing, unsafe, holds something else, or can't be read.
    pub fn read_text(keys_dir: &Path) -> Result<Secret, KeyFileError> {
        let path = Self::path(keys_dir);
        let Some(text) = key_file::read(&path, EXPECTED)? else {
            return Err(KeyFileError::Missing { path, remedy: START });
        };
        match Self::from_text(text.expose()) {
            Ok(_) => Ok(text),
            Err(_) => Err(KeyFileError::Malformed { path, expected: EXPECTED }),
        }
    }

    /// Takes a key that came another way than by the file.
    ///
    /// # Errors
    ///
    /// Fails if the text is too short or could not be sent in a header.
    pub fn from_text(text: &str) -> Result<Self, AdminKeyTextError> {
        let characters = text.chars().count();
        if characters < AT_LEAST_CHARACTERS {
            return Err(AdminKeyTextError::TooShort { characters });
        }
        if text.trim() != text || !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(AdminKeyTextError::NotPrintable);
        }
        Ok(Self { digest: digest::digest(&SHA256, text.as_bytes()) })
    }

    /// Where the key is kept: `keys_dir/admin.key`.
    #[must_use]
    pub fn path(keys_dir: &Path) -> PathBuf {
        keys_dir.join(FILE_NAME)
    }

    /// Whether `presented` is this key. Digests are compared, in constant time, so that neither the key's length nor
    /// how much of it was right shows in the time taken.
    #[must_use]
    pub fn verify(&self, presented: &str) -> bool {
        let presented = digest::digest(&SHA256, presented.as_bytes());
        constant_time::verify_slices_are_equal(self.digest.as_ref(), presented.as_ref()).is_ok()
    }
}

impl fmt::Debug for AdminKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AdminKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn is_shown_once_and_verifies_from_then_on() {
        let keys = tempfile::tempdir().unwrap();
        let (key, shown) = AdminKey::load_or_create(keys.path()).unwrap();
        let shown = shown.unwrap();
        assert!(key_file::is_generated(shown.expose(), "cp-admin-"));
        assert!(key.verify(shown.expose()));

        let (again, shown_again) = AdminKey::load_or_create(keys.path()).unwrap();
        assert!(shown_again.is_none());
        assert!(again.verify(shown.expose()));
        assert_eq!(AdminKey::read_text(keys.path()).unwrap().expose(), shown.expose());
    }

    #[test]
    fn generated_keys_differ() {
        let made = || {
            let keys = tempfile::tempdir().unwrap();
            AdminKey::load_or_create(keys.path()).unwrap().1.unwrap()
        };
        let keys: std::collections::HashSet<_> =
            (0..100).map(|_| made().expose().to_owned()).collect();
        assert_eq!(keys.len(), 100);
    }

    #[test]
    fn only_the_whole_key_verifies() {
        let text = "0123456789abcdef";
        let key = AdminKey::from_text(text).unwrap();
        assert!(key.verify(text));
        let longer = format!("{text}0");
        let others = [
            "",
            "0",
            &text[..15],
            &longer,
            "0123456789abcdeF",
            "0123456789abcdef ",
            "1123456789abcdef",
        ];
        for other in others {
            assert!(!key.verify(other), "{other}");
        }
    }

    #[test]
    fn texts_that_could_be_guessed_or_not_sent_are_refused() {
        let too_short = |characters| Some(AdminKeyTextError::TooShort { characters });
        let not_printable = Some(AdminKeyTextError::NotPrintable);
        let cases = [
            ("0123456789abcdef", None),
            ("correct horse battery", None),
            ("", too_short(0)),
            ("0123456789abcde", too_short(15)),
            ("äöüäöüäö", too_short(8)),
            (" 0123456789abcdef", not_printable),
            ("0123456789abcdef ", not_printable),
            ("                    ", not_printable),
            ("0123456789abcdef\n", not_printable),
            ("0123456789\tabcdef", not_printable),
            ("0123456789abcdeä", not_printable),
        ];
        for (text, expected) in cases {
            assert_eq!(AdminKey::from_text(text).err(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_and_left_alone() {
        let keys = tempfile::tempdir().unwrap();
        let path = AdminKey::path(keys.path());
        assert!(matches!(AdminKey::read_text(keys.path()), Err(KeyFileError::Missing { .. })));
        for contents in ["", "short\n", "0123456789abcdef\n0123456789abcdef\n"] {
            crate::private_file::create(&path, contents.as_bytes()).unwrap();
            for error in [
                AdminKey::load_or_create(keys.path()).unwrap_err(),
                AdminKey::read_text(keys.path()).unwrap_err(),
            ] {
                assert!(matches!(error, KeyFileError::Malformed { .. }), "{error}");
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), contents);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn debug_prints_nothing_of_it() {
        let key = AdminKey::from_text("canary-0123456789").unwrap();
        assert_eq!(format!("{key:?}"), "AdminKey(..)");
    }
}
