//! Virtual keys and the limits of projects; of a key's text there is only a digest.

use rusqlite::{Row, Transaction, named_params, types::Type};
use serde_json::{Map, Value};

use crate::{Store, StoreError, providers::json};

/// One virtual key. Its id is its identity and never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRow {
    /// The public part of its text; unique.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The project that it belongs to.
    pub project: Option<String>,
    /// The id of the key that made it; `None` is the admin key.
    pub made_by: Option<String>,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// Patterns of the providers that it holds; `None` is all.
    pub providers: Option<Vec<String>>,
    /// Patterns of the models that it holds; `None` is all.
    pub models: Option<Vec<String>>,
    /// Whether its requests must stay on this machine and its network.
    pub local_only: bool,
    /// What it may use, by the limits' names.
    pub limits: Map<String, Value>,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: Option<i64>,
    /// When it was revoked, in milliseconds since 1970.
    pub revoked_at_ms: Option<i64>,
    /// SHA-256 of its whole text.
    pub digest: [u8; 32],
    /// The same of the text before the last rotation, and until when that one works, in milliseconds since 1970.
    pub old_digest: Option<([u8; 32], i64)>,
}

/// One project with limits.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectRow {
    /// Its name; unique.
    pub name: String,
    /// What its keys may use together, by the limits' names.
    pub limits: Map<String, Value>,
}

impl Store {
    /// Reads all keys in the order of their making, and all projects by name, as of one moment.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be read.
    pub fn load_keys(&self) -> Result<(Vec<KeyRow>, Vec<ProjectRow>), StoreError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let keys = transaction
            .prepare("SELECT * FROM keys ORDER BY number")?
            .query_map((), read)?
            .collect::<rusqlite::Result<_>>()?;
        let projects = transaction
            .prepare("SELECT * FROM projects ORDER BY name")?
            .query_map((), |row| {
                Ok(ProjectRow { name: row.get("name")?, limits: json(row, "limits")? })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok((keys, projects))
    }

    /// Adds a key, and forgets others to make room for it.
    ///
    /// # Errors
    ///
    /// Fails if the id is taken or the database can't be written.
    pub fn insert_key(&self, key: &KeyRow, forgotten: &[&str]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for id in forgotten {
                transaction.execute("DELETE FROM keys WHERE id = ?1", [id])?;
            }
            let inserted = write(
                transaction,
                key,
                "INSERT INTO keys (
                     id, name, project, made_by, scopes, providers, models, local_only, limits,
                     created_at_ms, expires_at_ms, revoked_at_ms, digest, old_digest, old_until_ms
                 ) VALUES (
                     :id, :name, :project, :made_by, :scopes, :providers, :models, :local_only, :limits,
                     :created_at_ms, :expires_at_ms, :revoked_at_ms, :digest, :old_digest, :old_until_ms
                 ) ON CONFLICT (id) DO NOTHING",
            )?;
            if inserted == 0 { Err(StoreError::NameTaken) } else { Ok(()) }
        })
    }

    /// Gives the key of that id other digests.
    ///
    /// # Errors
    ///
    /// Fails if there is none of that id, it was revoked, or the database can't be written.
    pub fn rotate_key(
        &self,
        id: &str,
        digest: &[u8; 32],
        old_digest: Option<(&[u8; 32], i64)>,
    ) -> Result<(), StoreError> {
        let (old, until_ms) = old_digest.unzip();
        self.write(|transaction| {
            let updated = transaction.execute(
                "UPDATE keys SET digest = ?2, old_digest = ?3, old_until_ms = ?4
                 WHERE id = ?1 AND revoked_at_ms IS NULL",
                (id, digest, old, until_ms),
            )?;
            if updated == 0 { Err(StoreError::NotFound) } else { Ok(()) }
        })
    }

    /// Revokes the keys of these ids, all or none; those revoked already stay as they are.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be written.
    pub fn revoke_keys(&self, ids: &[&str], at_ms: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut revoke = transaction.prepare(
                "UPDATE keys SET revoked_at_ms = ?2, old_digest = NULL, old_until_ms = NULL
                 WHERE id = ?1 AND revoked_at_ms IS NULL",
            )?;
            for id in ids {
                revoke.execute((id, at_ms))?;
            }
            Ok(())
        })
    }

    /// Sets a project's limits.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be written.
    pub fn set_project(&self, project: &ProjectRow) -> Result<(), StoreError> {
        let limits = Value::Object(project.limits.clone()).to_string();
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO projects (name, limits) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET limits = excluded.limits",
                (&project.name, limits),
            )?;
            Ok(())
        })
    }

    /// Removes a project's limits.
    ///
    /// # Errors
    ///
    /// Fails if there is none of that name or the database can't be written.
    pub fn delete_project(&self, name: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let deleted = transaction.execute("DELETE FROM projects WHERE name = ?1", [name])?;
            if deleted == 0 { Err(StoreError::NotFound) } else { Ok(()) }
        })
    }
}

/// Runs a statement with the key's fields as its parameters and gives the number of rows that it changed.
fn write(
    transaction: &Transaction<'_>,
    key: &KeyRow,
    sql: &'static str,
) -> rusqlite::Result<usize> {
    let list = |items: &[String]| Value::from(items).to_string();
    let (old_digest, old_until_ms) = key.old_digest.unzip();
    transaction.execute(
        sql,
        named_params! {
            ":id": key.id,
            ":name": key.name,
            ":project": key.project,
            ":made_by": key.made_by,
            ":scopes": list(&key.scopes),
            ":providers": key.providers.as_deref().map(list),
            ":models": key.models.as_deref().map(list),
            ":local_only": key.local_only,
            ":limits": Value::Object(key.limits.clone()).to_string(),
            ":created_at_ms": key.created_at_ms,
            ":expires_at_ms": key.expires_at_ms,
            ":revoked_at_ms": key.revoked_at_ms,
            ":digest": key.digest,
            ":old_digest": old_digest,
            ":old_until_ms": old_until_ms,
        },
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    let old_digest: Option<[u8; 32]> = row.get("old_digest")?;
    let old_until_ms: Option<i64> = row.get("old_until_ms")?;
    Ok(KeyRow {
        id: row.get("id")?,
        name: row.get("name")?,
        project: row.get("project")?,
        made_by: row.get("made_by")?,
        scopes: json(row, "scopes")?,
        providers: list(row, "providers")?,
        models: list(row, "models")?,
        local_only: row.get("local_only")?,
        limits: json(row, "limits")?,
        created_at_ms: row.get("created_at_ms")?,
        expires_at_ms: row.get("expires_at_ms")?,
        revoked_at_ms: row.get("revoked_at_ms")?,
        digest: row.get("digest")?,
        old_digest: old_digest.zip(old_until_ms),
    })
}

/// A list, or none where the column is NULL.
fn list(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Vec<String>>> {
    let index = row.as_ref().column_index(column)?;
    match row.get_ref(index)?.data_type() {
        Type::Null => Ok(None),
        Type::Integer | Type::Real | Type::Text | Type::Blob => json(row, column).map(Some),
    }
}
