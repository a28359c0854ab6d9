//! Opening the file: everything is checked before anything is changed, and a broken file is never replaced.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use vault::private_file::{self, PrivateFileError};

use crate::{
    OpenError, Store,
    migrations::{MIGRATIONS, Migration, migrate},
};

/// The database's file name in the data directory.
pub const FILE_NAME: &str = "closedpaw.db";

/// "CPaw" in the file's header, set by the first migration.
const APPLICATION_ID: i32 = 0x4350_6177;

/// The first version without the write-ahead-log reset bug: <https://sqlite.org/wal.html#walresetbug>.
const SQLITE_AT_LEAST: i32 = 3_051_003;

/// No database file is smaller: <https://sqlite.org/fileformat2.html#pages>.
const SMALLEST_PAGE_BYTES: u64 = 512;

/// How long a call waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a batch of records does: its writer comes again, and must not hold up who waits for a turn.
const RECORDS_BUSY_TIMEOUT: Duration = Duration::from_millis(20);

impl Store {
    /// Opens `closedpaw.db` in `data_dir`, or makes one where there is none.
    ///
    /// # Errors
    ///
    /// Fails if the file is unsafe, damaged, another program's, made by a newer version, or out of reach.
    pub fn open(data_dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(data_dir, MIGRATIONS)
    }

    pub(crate) fn open_with(data_dir: &Path, migrations: &[Migration]) -> Result<Self, OpenError> {
        if rusqlite::version_number() < SQLITE_AT_LEAST {
            return Err(OpenError::SqliteTooOld { found: rusqlite::version() });
        }
        let path = data_dir.join(FILE_NAME);
        match private_file::check(&path) {
            Ok(()) => {}
            Err(PrivateFileError::Missing { .. }) => create(&path, migrations)?,
            Err(error) => return Err(error.into()),
        }
        let failed = |error| OpenError::at(&path, error);
        let mut connection = connect(&path).map_err(failed)?;
        check(&connection, &path)?;
        configure(&connection).map_err(failed)?;
        migrate(&mut connection, &path, migrations)?;
        let records = connect(&path).and_then(for_records).map_err(failed)?;
        let reader = connect(&path).and_then(for_reading).map_err(failed)?;
        Ok(Self {
            connection: Mutex::new(connection),
            records: Mutex::new(records),
            reader: Mutex::new(reader),
            turn: Mutex::new(()),
        })
    }
}

/// Makes the database under another name and gives it its own when it is whole. So a file of that name that is empty
/// or cut short is always damage, never a beginning.
fn create(path: &Path, migrations: &[Migration]) -> Result<(), OpenError> {
    if fs::symlink_metadata(log_of(path)).is_ok() {
        let check = "its write-ahead log is there without it".to_owned();
        return Err(OpenError::Corrupt { path: path.to_owned(), check });
    }
    let failed = |error| OpenError::at(path, error);
    let draft = private_file::draft(path)?;
    let mut connection = connect(draft.path()).map_err(failed)?;
    configure(&connection).map_err(failed)?;
    migrate(&mut connection, path, migrations)?;
    connection.close().map_err(|(_, error)| failed(error))?;
    match private_file::publish(draft, path) {
        // Another process was faster: its file is as good.
        Ok(()) | Err(PrivateFileError::Exists { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Where SQLite keeps the write-ahead log of the database at `path`.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// Opens the file, never making one and changing nothing.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF")?;
    Ok(connection)
}

/// Refuses a damaged file and another program's.
fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::at(path, error);
    let corrupt = |check: String| OpenError::Corrupt { path: path.to_owned(), check };
    let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let (bytes, log_bytes) = (length(path), length(&log_of(path)));
    // SQLite takes an empty file, and one cut short within its header, for a new database.
    if bytes < SMALLEST_PAGE_BYTES {
        return Err(corrupt("it is cut short".to_owned()));
    }
    let application_id: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    if application_id != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let page_bytes: i64 =
        connection.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(failed)?;
    // SQLite takes what is missing of the last page for zeros. With a log, that page may be in there.
    if log_bytes == 0 && bytes.checked_rem(page_bytes.unsigned_abs()) != Some(0) {
        return Err(corrupt("it is cut short".to_owned()));
    }
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0)).map_err(failed)?;
    if found == "ok" { Ok(()) } else { Err(corrupt(found)) }
}

/// Sets what the promises of this crate rest on: a commit is on disk when it returns, rows refer to rows that exist,
/// and deleted bytes are overwritten.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;",
    )
}

/// Sets up the connection that writes what became of requests.
///
/// `NORMAL` does not wait for the disk at each commit. In a write-ahead log that costs at most the last batches when the
/// power fails, never the file and nothing when the process is killed; and no batch keeps a change of the configuration
/// waiting while the disk turns. `FAST` overwrites deleted bytes where that writes no further page: no secret is here.
fn for_records(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_timeout(RECORDS_BUSY_TIMEOUT)?;
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST;")?;
    Ok(connection)
}

/// Sets up the connection that only reads.
fn for_reading(connection: Connection) -> rusqlite::Result<Connection> {
    connection.execute_batch("PRAGMA query_only = ON")?;
    Ok(connection)
}
