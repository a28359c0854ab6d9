//! What can go wrong, sorted by what the caller can do about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use vault::PrivateFileError;

/// Why a call failed. Nothing of what it was to do was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another has that name or id.
    #[error("another of that name exists already")]
    NameTaken,
    /// None has that name or id.
    #[error("none has that name")]
    NotFound,
    /// The disk is full, fails or is locked by another process: the same call may work later.
    #[error(
        "the database can't be used right now: {0}; free disk space or stop what locks it, and try again"
    )]
    Unavailable(#[source] rusqlite::Error),
    /// The file is damaged.
    #[error("the database is damaged: {0}; stop ClosedPaw and restore a backup")]
    Corrupt(#[source] rusqlite::Error),
    /// A row broke a rule of the schema: a fault of our own.
    #[error("the database refused the statement: {0}")]
    Internal(#[source] rusqlite::Error),
}

/// Why the database was not opened. Each message names the file and says what to do; none was made in its place.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its directory is missing, unsafe or out of reach.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The file is damaged, cut short or no database.
    #[error("{} is damaged ({check}): move it away, with any -wal and -shm file beside it, and restore a backup", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What the check found.
        check: String,
    },
    /// The file is another program's database.
    #[error("{} is not a ClosedPaw database: move it away or choose another data directory", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version has been at work here.
    #[error("{} was made by a newer ClosedPaw (schema {found}, this one knows {known}): run the newer one or restore a backup", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's schema version.
        found: u32,
        /// The newest schema version that this program knows.
        known: u32,
    },
    /// A migration that was applied is not the one this program holds.
    #[error("{} was made by another build of ClosedPaw (migration {name} differs): run that one or restore a backup", .path.display())]
    MigrationChanged {
        /// The file.
        path: PathBuf,
        /// The migration.
        name: String,
    },
    /// The disk is full, fails or is locked by another process.
    #[error("{} can't be opened: {source}; free disk space or stop what locks it, and try again", .path.display())]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The SQLite linked in may damage write-ahead logs.
    #[error(
        "SQLite {found} can damage databases (https://sqlite.org/wal.html#walresetbug): build with 3.51.3 or later"
    )]
    SqliteTooOld {
        /// The version linked in.
        found: &'static str,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match Trouble::of(&error) {
            Trouble::Passing => Self::Unavailable(error),
            Trouble::Damage => Self::Corrupt(error),
            Trouble::Bug => Self::Internal(error),
        }
    }
}

impl OpenError {
    /// Sorts what SQLite said about the file at `path`.
    pub(crate) fn at(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match Trouble::of(&error) {
            Trouble::Passing => Self::Unavailable { path, source: error },
            // A statement of ours that fails while opening met a file that isn't what it says it is.
            Trouble::Damage | Trouble::Bug => Self::Corrupt { path, check: error.to_string() },
        }
    }
}

/// The three sorts of failure that SQLite reports.
enum Trouble {
    Passing,
    Damage,
    Bug,
}

impl Trouble {
    fn of(error: &rusqlite::Error) -> Self {
        use rusqlite::Error;
        match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => Self::Damage,
            _ => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damage,
                Some(
                    ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::ReadOnly
                    | ErrorCode::CannotOpen
                    | ErrorCode::PermissionDenied
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::OutOfMemory,
                ) => Self::Passing,
                Some(_) | None => Self::Bug,
            },
        }
    }
}
