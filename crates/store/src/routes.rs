//! The routes that were set: names that stand for several models.

use rusqlite::named_params;
use serde_json::Value;

use crate::{Store, StoreError, providers::json};

/// One route. Its name is its identity and never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteRow {
    /// The name that callers send as the model; unique.
    pub name: String,
    /// How candidates are ordered, in the words of the API.
    pub strategy: String,
    /// 1 to 64 objects in the form of the API.
    pub candidates: Vec<Value>,
}

impl Store {
    /// Reads all routes, by name.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be read.
    pub fn load_routes(&self) -> Result<Vec<RouteRow>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare("SELECT * FROM routes ORDER BY name")?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(RouteRow {
                name: row.get("name")?,
                strategy: row.get("strategy")?,
                candidates: json(row, "candidates")?,
            })
        };
        let routes = statement.query_map((), read)?.collect::<rusqlite::Result<_>>()?;
        Ok(routes)
    }

    /// Makes the route, or replaces the one of that name.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be written.
    pub fn put_route(&self, route: &RouteRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO routes (name, strategy, candidates) VALUES (:name, :strategy, :candidates)
                 ON CONFLICT (name) DO UPDATE SET strategy = excluded.strategy, candidates = excluded.candidates",
                named_params! {
                    ":name": route.name,
                    ":strategy": route.strategy,
                    ":candidates": Value::from(route.candidates.as_slice()).to_string(),
                },
            )?;
            Ok(())
        })
    }

    /// Removes the route of that name.
    ///
    /// # Errors
    ///
    /// Fails if there is none of that name or the database can't be written.
    pub fn delete_route(&self, name: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            match transaction.execute("DELETE FROM routes WHERE name = ?1", [name])? {
                0 => Err(StoreError::NotFound),
                _ => Ok(()),
            }
        })
    }
}
