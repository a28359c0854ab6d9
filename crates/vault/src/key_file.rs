//! Keys as one line of readable text in a private file: `cp-<purpose>-` and 43 characters of 6 random bits each.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::{
    NoRandomness, Secret,
    private_file::{self, PrivateFileError},
};

/// What follows a generated key's prefix: 43 characters, 258 bits.
const RANDOM_CHARACTERS: usize = 43;

/// The URL-safe Base64 alphabet: it has 64 characters, so that six bits of a random byte choose one without bias.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes that are read at most: far more than any key has.
const LIMIT_BYTES: u64 = 4096;

/// Why a key file was not read or made. Each message names the file and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file is missing, and no new one was to be made.
    #[error("{} does not exist: {remedy}", .path.display())]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The file does not hold a key.
    #[error("{} does not hold {expected}: restore it from a backup", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// The file or its directory is unsafe, or the operating system refused.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// No key could be generated.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Reads the line of text in the file at `path`; `None` if there is no such file.
pub(crate) fn read(path: &Path, expected: &'static str) -> Result<Option<Secret>, KeyFileError> {
    let file = match private_file::open(path) {
        Ok(file) => file,
        Err(PrivateFileError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if let Some(directory) = path.parent() {
        private_file::check_directory(directory)?;
    }
    match read_line(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(KeyFileError::Malformed { path: path.to_owned(), expected })
        }
        Err(source) => Err(KeyFileError::File(PrivateFileError::Io {
            path: path.to_owned(),
            action: "read",
            source,
        })),
    }
}

/// Generates a key and makes the file at `path` with it; the directory too, where it is missing.
pub(crate) fn create(path: &Path, prefix: &str) -> Result<Secret, KeyFileError> {
    let text = generate(prefix)?;
    if let Some(directory) = path.parent() {
        private_file::create_directory(directory)?;
    }
    let line = Zeroizing::new(format!("{}\n", text.expose()));
    private_file::create(path, line.as_bytes())?;
    Ok(text)
}

/// Reads the key at `path`, or makes one where there is none, and says which.
pub(crate) fn read_or_create(
    path: &Path,
    prefix: &str,
    expected: &'static str,
) -> Result<(Secret, Source), KeyFileError> {
    if let Some(text) = read(path, expected)? {
        return Ok((text, Source::Found));
    }
    match create(path, prefix) {
        Ok(text) => Ok((text, Source::Made)),
        // Another process was faster: its key is the one that counts.
        Err(KeyFileError::File(PrivateFileError::Exists { path })) => {
            match read(&path, expected)? {
                Some(text) => Ok((text, Source::Found)),
                None => Err(KeyFileError::File(PrivateFileError::Missing { path })),
            }
        }
        Err(error) => Err(error),
    }
}

/// Where a key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Found,
    Made,
}

/// Whether `text` has the form that [`create`] gives a key.
pub(crate) fn is_generated(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|random| {
        random.len() == RANDOM_CHARACTERS && random.bytes().all(|byte| ALPHABET.contains(&byte))
    })
}

fn generate(prefix: &str) -> Result<Secret, NoRandomness> {
    let mut random = Zeroizing::new([0; RANDOM_CHARACTERS]);
    rand::fill(random.as_mut_slice())?;
    let mut text = String::with_capacity(prefix.len() + RANDOM_CHARACTERS);
    text.push_str(prefix);
    text.extend(
        random
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte & 63)))
            .copied()
            .map(char::from),
    );
    Ok(Secret::new(text))
}

fn read_line(file: File) -> io::Result<Secret> {
    let mut text = Zeroizing::new(String::with_capacity(256));
    let length = file.take(LIMIT_BYTES + 1).read_to_string(&mut text)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if length as u64 > LIMIT_BYTES || line.contains('\n') {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Secret::new(line))
}
