//! Small facts about the data directory as a whole, by name.

use rusqlite::OptionalExtension as _;

use crate::{Store, StoreError};

impl Store {
    /// The setting of that name, if it was ever set.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be read.
    pub fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare("SELECT value FROM settings WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Sets the setting of that name.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be written.
    pub fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO settings (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [key, value],
            )?;
            Ok(())
        })
    }
}
