//! The schema, as a list of steps that only ever grows.
//!
//! Each step runs once, in a transaction of its own, and leaves its whole text behind. What was applied is compared
//! with what this program holds, so that a step must never be edited once released, not even its comments.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::OpenError;

/// One step from a schema version to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Migration {
    pub(crate) version: u32,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// Every step, in order.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_providers",
        sql: include_str!("../migrations/0001_providers.sql"),
    },
    Migration { version: 2, name: "0002_keys", sql: include_str!("../migrations/0002_keys.sql") },
    Migration {
        version: 3,
        name: "0003_routes",
        sql: include_str!("../migrations/0003_routes.sql"),
    },
    Migration {
        version: 4,
        name: "0004_requests",
        sql: include_str!("../migrations/0004_requests.sql"),
    },
    Migration {
        version: 5,
        name: "0005_provider_members",
        sql: include_str!("../migrations/0005_provider_members.sql"),
    },
];

/// Checks the steps that were applied and applies the rest.
pub(crate) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[Migration],
) -> Result<(), OpenError> {
    let applied = applied(connection).map_err(|error| OpenError::at(path, error))?;
    let known = migrations.last().map_or(0, |migration| migration.version);
    let found = applied.last().map_or(0, |(version, ..)| *version);
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    let mut rest = migrations;
    for (version, name, sql) in applied {
        match rest.split_first() {
            Some((ours, later)) if ours.version == version && ours.sql == sql => rest = later,
            Some(_) | None => {
                return Err(OpenError::MigrationChanged { path: path.to_owned(), name });
            }
        }
    }
    rest.iter()
        .try_for_each(|migration| apply(connection, migration))
        .map_err(|error| OpenError::at(path, error))
}

fn apply(connection: &mut Connection, migration: &Migration) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(migration.sql)?;
    transaction.execute(
        "INSERT INTO migrations (version, name, sql) VALUES (?1, ?2, ?3)",
        (migration.version, migration.name, migration.sql),
    )?;
    transaction.commit()
}

/// Version, name and text of each applied step, in order.
fn applied(connection: &Connection) -> rusqlite::Result<Vec<(u32, String, String)>> {
    if !connection.table_exists(None, "migrations")? {
        return Ok(Vec::new());
    }
    connection
        .prepare("SELECT version, name, sql FROM migrations ORDER BY version")?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}
