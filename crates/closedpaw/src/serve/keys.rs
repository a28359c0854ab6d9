//! The two keys of the keys dir: what may be made, and what must be there.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    sync::Arc,
};

use ::keys::{Caller, KeyManager};
use config::Environment;
use server::Authenticate;
use store::{Store, StoreError};
use vault::{AdminKey, IfMissing, MasterKey};

use crate::failure::Failure;

/// Where the store remembers which master key it was sealed with.
const MASTER_KEY_ID: &str = "master_key_id";

/// Who may call the gateway: holders of the admin key, and of virtual keys.
pub struct Keys(pub Arc<KeyManager>);

impl Authenticate for Keys {
    fn authenticate(&self, key: &str) -> Option<Arc<Caller>> {
        self.0.find(key)
    }
}

/// Opens the master key. A new one is made only while nothing is sealed with another, so that a keys dir gone
/// astray is noticed before anything is written beside what it would open.
pub fn open_master_key(store: &Store, keys_dir: &Path) -> Result<MasterKey, Failure> {
    let failed = |error: &dyn std::error::Error| Failure::failed(error.to_string());
    if let Some(id) = sealed_with(store).map_err(|error| failed(&error))? {
        return open_sealing_key(&id, keys_dir).map_err(Failure::failed);
    }
    let key = MasterKey::load(keys_dir, IfMissing::Create).map_err(|error| failed(&error))?;
    store.set_setting(MASTER_KEY_ID, &key.id().to_string()).map_err(|error| failed(&error))?;
    Ok(key)
}

/// The fingerprint of the master key that something in the data dir is sealed with; `None` when nothing is.
pub fn sealed_with(store: &Store) -> Result<Option<String>, StoreError> {
    if !store.has_sealed_rows()? {
        return Ok(None);
    }
    Ok(Some(store.setting(MASTER_KEY_ID)?.unwrap_or_default()))
}

/// Opens the master key of that fingerprint, or says why it can't be.
pub fn open_sealing_key(id: &str, keys_dir: &Path) -> Result<MasterKey, String> {
    let key = MasterKey::load(keys_dir, IfMissing::Refuse).map_err(|error| error.to_string())?;
    if key.id().to_string() == id {
        return Ok(key);
    }
    Err(format!(
        "{} is not the master key that the data dir was sealed with: restore that one from a backup, for \
         nothing else opens it",
        MasterKey::path(keys_dir).display()
    ))
}

/// Takes the admin key from the environment, or opens or makes its file. A new one is shown once, and to a
/// person alone.
pub fn open_admin_key(environment: &Environment, keys_dir: &Path) -> Result<AdminKey, Failure> {
    if let Some(text) = environment.text("CLOSEDPAW_ADMIN_KEY") {
        let key = AdminKey::from_text(&text)
            .map_err(|error| Failure::usage(format!("CLOSEDPAW_ADMIN_KEY: {error}")))?;
        return Ok(key);
    }
    let (key, made) =
        AdminKey::load_or_create(keys_dir).map_err(|error| Failure::failed(error.to_string()))?;
    if let Some(text) = made {
        let path = AdminKey::path(keys_dir);
        let mut stderr = io::stderr().lock();
        if stderr.is_terminal() {
            // When nobody can read it, the file still holds it.
            let _kept_in_the_file = writeln!(
                stderr,
                "The admin key, shown this once and kept in {}:\n\n  {}\n",
                path.display(),
                text.expose()
            );
        } else {
            tracing::info!(path = %path.display(), "made the admin key");
        }
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use store::{ProviderRow, Store};
    use vault::MasterKey;

    use super::open_master_key;

    /// A provider without secrets.
    fn row() -> ProviderRow {
        ProviderRow {
            name: "work".to_owned(),
            provider_type: "openai".to_owned(),
            base_url: "https://api.openai.com/v1".to_owned(),
            default_model: None,
            models: Vec::new(),
            enabled: true,
            rate_limit: None,
            timeout_s: None,
            network: "public".to_owned(),
            settings: serde_json::Map::new(),
            api_key_sealed: None,
            api_key_hint: None,
            headers_sealed: None,
            api_keys_sealed: None,
            limits: serde_json::Map::new(),
            model_limits: serde_json::Map::new(),
            timeouts: serde_json::Map::new(),
            queue: serde_json::Map::new(),
            header_names: Vec::new(),
            created_at_ms: 0,
        }
    }

    #[test]
    fn sealed_rows_need_their_own_master_key() {
        let sealed = || Some(vec![1]);
        let header_names = vec!["x-team".to_owned()];
        check(&ProviderRow { api_key_sealed: sealed(), ..row() });
        check(&ProviderRow { api_keys_sealed: sealed(), ..row() });
        check(&ProviderRow { headers_sealed: sealed(), header_names, ..row() });
    }

    fn check(sealed: &ProviderRow) {
        let folder = tempfile::tempdir().unwrap();
        let keys_dir = folder.path().join("keys");
        let data_dir = folder.path().join("data");
        vault::private_file::create_directory(&data_dir).unwrap();
        let store = Store::open(&data_dir).unwrap();
        let first = open_master_key(&store, &keys_dir).unwrap().id();

        // Nothing is sealed yet: a lost key costs nothing, and a new one takes its place.
        fs::remove_dir_all(&keys_dir).unwrap();
        let second = open_master_key(&store, &keys_dir).unwrap().id();
        assert_ne!(first, second);

        store.insert_provider(sealed).unwrap();
        assert_eq!(open_master_key(&store, &keys_dir).unwrap().id(), second);

        let path = MasterKey::path(&keys_dir);
        let away = folder.path().join("away");
        fs::rename(&path, &away).unwrap();
        let missing = open_master_key(&store, &keys_dir).unwrap_err().to_string();
        assert!(missing.contains(path.to_str().unwrap()), "{missing}");
        assert!(!path.exists(), "nothing new is made");

        let other = folder.path().join("other");
        MasterKey::load(&other, vault::IfMissing::Create).unwrap();
        let wrong = open_master_key(&store, &other).unwrap_err().to_string();
        assert!(wrong.contains("is not the master key"), "{wrong}");

        fs::rename(&away, &path).unwrap();
        assert_eq!(open_master_key(&store, &keys_dir).unwrap().id(), second);
    }
}
