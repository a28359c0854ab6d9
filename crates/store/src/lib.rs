//! Rows in, rows out, durable before a call returns; but for records of requests, whose last a power cut may cost.
//!
//! One SQLite file holds everything that outlives the process. The API is synchronous and waits for the disk, so
//! that async callers put it on a blocking thread. What is secret arrives sealed; the store never sees a key.

mod error;
mod keys;
mod migrations;
mod open;
mod providers;
mod requests;
mod routes;
mod settings;

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use error::{OpenError, StoreError};
pub use keys::{KeyRow, ProjectRow};
pub use open::FILE_NAME;
pub use providers::{Loaded, ProviderRow};
pub use requests::{
    AttemptRow, Cursor, Kept, RequestFilter, RequestPage, RequestRow, Sums, UsageBy, UsageFilter,
    UsageRow,
};
pub use routes::RouteRow;

/// The open database. Each of its connections is used by one caller at a time.
///
/// What became of requests has connections of its own, so that neither a batch of it nor a long look at it stands in
/// the way of a change of the configuration.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
    /// Writes what became of requests.
    records: Mutex<Connection>,
    /// Answers what is asked about requests.
    reader: Mutex<Connection>,
    /// Held by whoever writes: SQLite lets one write at a time and has the other ask again and again, where this wakes
    /// it.
    turn: Mutex<()>,
}

impl Store {
    /// Runs `work` in one transaction: all of it is on disk when this returns, or none of it is kept.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        let _turn = locked(&self.turn);
        // IMMEDIATE waits for another process's lock at the start, where nothing is lost by waiting.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Runs `work` in one transaction of the records' own connection: all of it is kept when this returns, or none.
    fn write_records<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = locked(&self.records);
        let _turn = locked(&self.turn);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        locked(&self.connection)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        locked(&self.reader)
    }
}

/// A thread that panicked left at most a transaction behind, and that was rolled back when it was dropped.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
