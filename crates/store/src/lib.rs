//! Rows in, rows out, durable before a call returns.
//!
//! One SQLite file holds everything that outlives the process. The API is synchronous and waits for the disk, so
//! that async callers put it on a blocking thread. What is secret arrives sealed; the store never sees a key.

mod error;
mod migrations;
mod open;
mod providers;
mod routes;
mod settings;

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use error::{OpenError, StoreError};
pub use open::FILE_NAME;
pub use providers::{Loaded, ProviderRow};
pub use routes::RouteRow;

/// The open database. One connection, used by one caller at a time.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Runs `work` in one transaction: all of it is on disk when this returns, or none of it is kept.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        // IMMEDIATE waits for another process's lock at the start, where nothing is lost by waiting.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// A thread that panicked left at most a transaction behind, and that was rolled back when it was dropped.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
