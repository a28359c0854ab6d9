//! The master key: the one key that everything sealed in the data directory depends on.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
};
use zeroize::Zeroizing;

use crate::{
    NoRandomness, Secret,
    key_file::{self, KeyFileError},
};

const FILE_NAME: &str = "master.key";
const PREFIX: &str = "cp-master-";
const EXPECTED: &str = "a master key (cp-master- and 43 letters, digits, - or _)";
const RESTORE: &str =
    "restore it from a backup, for nothing else opens what the data directory holds";

/// Seals and opens secrets: see [`MasterKey::seal`] and [`MasterKey::open`].
///
/// What is kept in memory is derived from the file's text; the text itself is wiped.
pub struct MasterKey {
    pub(crate) id: KeyId,
    pub(crate) wrapping: RandomizedNonceKey,
}

/// A master key's fingerprint: it tells two keys apart and says nothing about either. Shown as 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub(crate) [u8; 8]);

/// What to do when a key file isn't there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// Make a new one: for a data directory that holds nothing sealed.
    Create,
    /// Fail and make nothing: a new key would hide that what is sealed can no longer be opened.
    Refuse,
}

impl MasterKey {
    /// Loads `master.key` from `keys_dir`. A new one is durable on disk before this returns.
    ///
    /// # Errors
    ///
    /// Fails if the file is missing and must not be made, is unsafe, holds something else, or can't be read or made.
    pub fn load(keys_dir: &Path, if_missing: IfMissing) -> Result<Self, KeyFileError> {
        let path = Self::path(keys_dir);
        let text = match if_missing {
            IfMissing::Create => key_file::read_or_create(&path, PREFIX, EXPECTED)?.0,
            IfMissing::Refuse => match key_file::read(&path, EXPECTED)? {
                Some(text) => text,
                None => return Err(KeyFileError::Missing { path, remedy: RESTORE }),
            },
        };
        if !key_file::is_generated(text.expose(), PREFIX) {
            return Err(KeyFileError::Malformed { path, expected: EXPECTED });
        }
        Ok(Self::derive(&text)?)
    }

    /// Where the key is kept: `keys_dir/master.key`.
    #[must_use]
    pub fn path(keys_dir: &Path) -> PathBuf {
        keys_dir.join(FILE_NAME)
    }

    /// The key's fingerprint, safe to store and to show.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// One purpose, one derived key: nothing made for one job is accepted in another.
    fn derive(text: &Secret) -> Result<Self, NoRandomness> {
        let root =
            Salt::new(HKDF_SHA256, b"closedpaw master key").extract(text.expose().as_bytes());
        let id = KeyId(*expand::<8>(&root, b"fingerprint")?);
        let wrapping = RandomizedNonceKey::new(
            &AES_256_GCM_SIV,
            expand::<32>(&root, b"wrap data keys")?.as_slice(),
        )?;
        Ok(Self { id, wrapping })
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "MasterKey({})", self.id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

fn expand<const BYTES: usize>(
    root: &Prk,
    purpose: &[u8],
) -> Result<Zeroizing<[u8; BYTES]>, NoRandomness> {
    struct Length(usize);

    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }

    let mut key = Zeroizing::new([0; BYTES]);
    root.expand(&[purpose], Length(BYTES))?.fill(key.as_mut_slice())?;
    Ok(key)
}

#[cfg(test)]
impl MasterKey {
    /// A key of its own for each `seed`, without a file.
    pub(crate) fn of_test(seed: &str) -> Self {
        Self::derive(&Secret::new(seed)).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::*;
    use crate::PrivateFileError;

    fn keys_dir() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn is_made_once_and_loads_as_the_same_key() {
        let keys = keys_dir();
        let dir = keys.path().join("keys");
        let made = MasterKey::load(&dir, IfMissing::Create).unwrap();
        for if_missing in [IfMissing::Create, IfMissing::Refuse] {
            assert_eq!(MasterKey::load(&dir, if_missing).unwrap().id(), made.id());
        }
        let other = MasterKey::load(keys_dir().path(), IfMissing::Create).unwrap();
        assert_ne!(other.id(), made.id());
    }

    #[test]
    fn a_missing_key_that_must_not_be_made_leaves_nothing_behind() {
        let keys = keys_dir();
        let dir = keys.path().join("keys");
        let error = MasterKey::load(&dir, IfMissing::Refuse).unwrap_err();
        assert!(matches!(error, KeyFileError::Missing { .. }));
        assert_eq!(
            error.to_string(),
            format!("{} does not exist: {RESTORE}", dir.join("master.key").display())
        );
        assert!(!dir.exists());
    }

    #[test]
    fn malformed_contents_are_refused_and_left_alone() {
        let good = "cp-master-0123456789012345678901234567890123456789abc";
        let keys = keys_dir();
        let path = MasterKey::path(keys.path());
        let cases = [
            (format!("{good}\n"), true),
            (format!("{good}\r\n"), true),
            (good.to_owned(), true),
            (String::new(), false),
            ("\n".to_owned(), false),
            (good[..good.len() - 1].to_owned(), false),
            (format!("{good}d"), false),
            (format!("{good}\n\n"), false),
            (format!(" {good}"), false),
            (good.replace('a', "+"), false),
            (good.replace("master", "admin"), false),
        ];
        let cases = cases.into_iter().map(|(text, accepted)| (text.into_bytes(), accepted));
        for (contents, accepted) in cases.chain([(b"\xff\xfe".to_vec(), false)]) {
            crate::private_file::create(&path, &contents).unwrap();
            let loaded = MasterKey::load(keys.path(), IfMissing::Create);
            assert_eq!(loaded.is_ok(), accepted, "{}", contents.escape_ascii());
            if let Err(error) = loaded {
                let named =
                    matches!(&error, KeyFileError::Malformed { path: named, .. } if *named == path);
                assert!(named, "{error}");
            }
            assert_eq!(fs::read(&path).unwrap(), contents);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn an_endless_file_is_not_read_to_its_end() {
        let keys = keys_dir();
        let path = MasterKey::path(keys.path());
        crate::private_file::create(&path, b"").unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        let error = MasterKey::load(keys.path(), IfMissing::Refuse).unwrap_err();
        assert!(matches!(error, KeyFileError::Malformed { .. }), "{error}");
    }

    #[test]
    fn an_unsafe_file_is_refused_whether_or_not_one_may_be_made() {
        let keys = keys_dir();
        std::os::unix::fs::symlink("/dev/null", MasterKey::path(keys.path())).unwrap();
        for if_missing in [IfMissing::Create, IfMissing::Refuse] {
            let error = MasterKey::load(keys.path(), if_missing).unwrap_err();
            assert!(
                matches!(error, KeyFileError::File(PrivateFileError::Unsafe { .. })),
                "{error}"
            );
        }
    }

    #[test]
    fn many_that_start_at_once_agree_on_one_key() {
        let keys = keys_dir();
        let dir = keys.path().join("keys");
        let ids = thread::scope(|scope| {
            let starts: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| MasterKey::load(&dir, IfMissing::Create).unwrap().id()))
                .collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    }

    #[test]
    fn debug_prints_the_fingerprint_alone() {
        let key = MasterKey::of_test("seed");
        assert_eq!(format!("{key:?}"), format!("MasterKey({})", key.id()));
        assert_eq!(key.id().to_string().len(), 16);
    }

    #[test]
    fn is_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<MasterKey>();
    }
}
