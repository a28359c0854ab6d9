//! The registered providers and which of them is the default.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, named_params, types::Type};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Store, StoreError};

/// One registered provider. Its name is its identity and never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderRow {
    /// The name that callers use; unique.
    pub name: String,
    /// `ollama`, `openai`, `anthropic`, `google`, `mistral` or `custom`.
    pub provider_type: String,
    /// Where it is, version segment included, without a trailing slash.
    pub base_url: String,
    /// The model of a chat that names none.
    pub default_model: Option<String>,
    /// The only models to offer; empty means all that the provider has.
    pub models: Vec<String>,
    /// Whether it takes part in chats, model lists and health.
    pub enabled: bool,
    /// Chats that may start in any 60 seconds; more than zero.
    pub rate_limit: Option<u32>,
    /// Seconds that a call may take in all; more than zero.
    pub timeout_s: Option<f64>,
    /// `public` or `local`.
    pub network: String,
    /// What only some types have.
    pub settings: Map<String, Value>,
    /// The provider's key, sealed.
    pub api_key_sealed: Option<Vec<u8>>,
    /// The key's last four characters, where it is long enough to show them.
    pub api_key_hint: Option<String>,
    /// The extra headers, sealed together; absent exactly when there are no names.
    pub headers_sealed: Option<Vec<u8>>,
    /// The names of the extra headers.
    pub header_names: Vec<String>,
    /// Further keys, sealed together.
    pub api_keys_sealed: Option<Vec<u8>>,
    /// How much may be used of it.
    pub limits: Map<String, Value>,
    /// How much may be used of its models, by patterns of their names.
    pub model_limits: Map<String, Value>,
    /// How long each phase of a call may take.
    pub timeouts: Map<String, Value>,
    /// Who waits before it, and how long.
    pub queue: Map<String, Value>,
    /// When it was registered, in milliseconds since 1970.
    pub created_at_ms: i64,
}

/// Everything about providers at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// In order of registration.
    pub providers: Vec<ProviderRow>,
    /// The default's name.
    pub default_provider: Option<String>,
}

/// What a new provider means for the default.
#[derive(Clone, Copy)]
enum DefaultChoice {
    /// It becomes the default while there is none.
    ThisIfNone,
    /// Nothing.
    AsItIs,
}

impl Store {
    /// Reads all providers and the default, as of one moment.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be read.
    pub fn load(&self) -> Result<Loaded, StoreError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let providers = transaction
            .prepare("SELECT * FROM providers ORDER BY id")?
            .query_map((), read)?
            .collect::<rusqlite::Result<_>>()?;
        let default_provider = default_of(&transaction)?;
        Ok(Loaded { providers, default_provider })
    }

    /// Adds a provider, which becomes the default if there is none.
    ///
    /// # Errors
    ///
    /// Fails if the name is taken or the database can't be written.
    pub fn insert_provider(&self, provider: &ProviderRow) -> Result<(), StoreError> {
        self.insert(provider, DefaultChoice::ThisIfNone)
    }

    /// Adds a provider and leaves the default, or that there is none, as it is.
    ///
    /// # Errors
    ///
    /// Fails if the name is taken or the database can't be written.
    pub fn insert_further_provider(&self, provider: &ProviderRow) -> Result<(), StoreError> {
        self.insert(provider, DefaultChoice::AsItIs)
    }

    fn insert(&self, provider: &ProviderRow, choice: DefaultChoice) -> Result<(), StoreError> {
        self.write(|transaction| {
            let inserted = write(
                transaction,
                provider,
                "INSERT INTO providers (
                     name, provider_type, base_url, default_model, models, enabled, rate_limit, timeout_s, network,
                     settings, api_key_sealed, api_key_hint, headers_sealed, header_names,
                     api_keys_sealed, limits, model_limits, timeouts, queue, created_at_ms
                 ) VALUES (
                     :name, :provider_type, :base_url, :default_model, :models, :enabled, :rate_limit, :timeout_s, :network,
                     :settings, :api_key_sealed, :api_key_hint, :headers_sealed, :header_names,
                     :api_keys_sealed, :limits, :model_limits, :timeouts, :queue, :created_at_ms
                 ) ON CONFLICT (name) DO NOTHING",
            )?;
            if inserted == 0 {
                return Err(StoreError::NameTaken);
            }
            if matches!(choice, DefaultChoice::ThisIfNone) {
                transaction.execute(
                    "INSERT INTO default_provider (only, provider_id) VALUES (1, ?1) ON CONFLICT (only) DO NOTHING",
                    [transaction.last_insert_rowid()],
                )?;
            }
            Ok(())
        })
    }

    /// Replaces the provider of that name, which keeps its place in the order of registration. What was sealed before
    /// leaves no bytes behind.
    ///
    /// # Errors
    ///
    /// Fails if there is none of that name or the database can't be written.
    pub fn update_provider(&self, provider: &ProviderRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            let updated = write(
                transaction,
                provider,
                "UPDATE providers SET
                     provider_type = :provider_type, base_url = :base_url, default_model = :default_model,
                     models = :models, enabled = :enabled, rate_limit = :rate_limit, timeout_s = :timeout_s,
                     network = :network, settings = :settings, api_key_sealed = :api_key_sealed,
                     api_key_hint = :api_key_hint, headers_sealed = :headers_sealed, header_names = :header_names,
                     api_keys_sealed = :api_keys_sealed, limits = :limits, model_limits = :model_limits,
                     timeouts = :timeouts, queue = :queue, created_at_ms = :created_at_ms
                 WHERE name = :name",
            )?;
            if updated == 0 { Err(StoreError::NotFound) } else { Ok(()) }
        })?;
        self.forget_overwritten();
        Ok(())
    }

    /// Removes the provider of that name and gives the name of the default as it then is: a deleted default passes to
    /// the earliest registered that is enabled. What was sealed leaves no bytes behind.
    ///
    /// # Errors
    ///
    /// Fails if there is none of that name or the database can't be written.
    pub fn delete_provider(&self, name: &str) -> Result<Option<String>, StoreError> {
        let default_provider = self.write(|transaction| {
            let id: i64 = transaction
                .query_row("SELECT id FROM providers WHERE name = ?1", [name], |row| row.get(0))
                .optional()?
                .ok_or(StoreError::NotFound)?;
            let was_default =
                transaction.execute("DELETE FROM default_provider WHERE provider_id = ?1", [id])?;
            transaction.execute("DELETE FROM providers WHERE id = ?1", [id])?;
            if was_default > 0 {
                transaction.execute(
                    "INSERT INTO default_provider (only, provider_id)
                     SELECT 1, id FROM providers WHERE enabled ORDER BY id LIMIT 1",
                    (),
                )?;
            }
            Ok(default_of(transaction)?)
        })?;
        self.forget_overwritten();
        Ok(default_provider)
    }

    /// Makes the provider of that name the default.
    ///
    /// # Errors
    ///
    /// Fails if there is none of that name or the database can't be written.
    pub fn set_default(&self, name: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let set = transaction.execute(
                "INSERT INTO default_provider (only, provider_id) SELECT 1, id FROM providers WHERE name = ?1
                 ON CONFLICT (only) DO UPDATE SET provider_id = excluded.provider_id",
                [name],
            )?;
            if set == 0 { Err(StoreError::NotFound) } else { Ok(()) }
        })
    }

    /// Whether anything here can be opened with the master key alone.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be read.
    pub fn has_sealed_rows(&self) -> Result<bool, StoreError> {
        Ok(self.connection().query_row(
            "SELECT EXISTS (
                 SELECT 1 FROM providers
                 WHERE coalesce(api_key_sealed, api_keys_sealed, headers_sealed) IS NOT NULL
             )",
            (),
            |row| row.get(0),
        )?)
    }

    /// Empties the write-ahead log, which keeps what the tables no longer have. The change itself is durable by now,
    /// so a failure (another process reading, say) only leaves this to a later call.
    fn forget_overwritten(&self) {
        let connection = self.connection();
        let _turn = crate::locked(&self.turn);
        let _emptied_later =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
    }
}

fn default_of(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection
        .query_row(
            "SELECT name FROM default_provider JOIN providers ON id = provider_id",
            (),
            |row| row.get(0),
        )
        .optional()
}

/// Runs a statement with the provider's fields as its parameters and gives the number of rows that it changed.
fn write(
    transaction: &Transaction<'_>,
    provider: &ProviderRow,
    sql: &'static str,
) -> rusqlite::Result<usize> {
    transaction.execute(
        sql,
        named_params! {
            ":name": provider.name,
            ":provider_type": provider.provider_type,
            ":base_url": provider.base_url,
            ":default_model": provider.default_model,
            ":models": Value::from(provider.models.as_slice()).to_string(),
            ":enabled": provider.enabled,
            ":rate_limit": provider.rate_limit,
            ":timeout_s": provider.timeout_s,
            ":network": provider.network,
            ":settings": Value::Object(provider.settings.clone()).to_string(),
            ":api_key_sealed": provider.api_key_sealed,
            ":api_key_hint": provider.api_key_hint,
            ":headers_sealed": provider.headers_sealed,
            ":header_names": Value::from(provider.header_names.as_slice()).to_string(),
            ":api_keys_sealed": provider.api_keys_sealed,
            ":limits": Value::Object(provider.limits.clone()).to_string(),
            ":model_limits": Value::Object(provider.model_limits.clone()).to_string(),
            ":timeouts": Value::Object(provider.timeouts.clone()).to_string(),
            ":queue": Value::Object(provider.queue.clone()).to_string(),
            ":created_at_ms": provider.created_at_ms,
        },
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<ProviderRow> {
    Ok(ProviderRow {
        name: row.get("name")?,
        provider_type: row.get("provider_type")?,
        base_url: row.get("base_url")?,
        default_model: row.get("default_model")?,
        models: json(row, "models")?,
        enabled: row.get("enabled")?,
        rate_limit: row.get("rate_limit")?,
        timeout_s: row.get("timeout_s")?,
        network: row.get("network")?,
        settings: json(row, "settings")?,
        api_key_sealed: row.get("api_key_sealed")?,
        api_key_hint: row.get("api_key_hint")?,
        headers_sealed: row.get("headers_sealed")?,
        header_names: json(row, "header_names")?,
        api_keys_sealed: row.get("api_keys_sealed")?,
        limits: json(row, "limits")?,
        model_limits: json(row, "model_limits")?,
        timeouts: json(row, "timeouts")?,
        queue: json(row, "queue")?,
        created_at_ms: row.get("created_at_ms")?,
    })
}

/// Reads a column of JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let index = row.as_ref().column_index(column)?;
    serde_json::from_str(row.get_ref(index)?.as_str()?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}
