//! The database, and the master key that opens what is sealed in it.

use std::path::Path;

use config::Directories;
use store::Store;
use vault::MasterKey;

use super::{Finding, places};
use crate::serve::keys;

const DATABASE: &str = "database";
const MASTER_KEY: &str = "master key";

/// Opens the database if there is one, and checks that the master key fits it.
pub(super) fn check(directories: &Directories) -> Vec<Finding> {
    let path = directories.data.join(store::FILE_NAME);
    if !path.exists() {
        let found = format!("{} will be made at the first start", path.display());
        return vec![Finding::ok(DATABASE, found), key_file(&directories.keys)];
    }
    match Store::open(&directories.data) {
        Ok(store) => {
            let found = format!("{} opens and is whole", path.display());
            vec![Finding::ok(DATABASE, found), master_key(&store, &directories.keys)]
        }
        Err(error) => {
            vec![Finding::failed(DATABASE, error.to_string()), key_file(&directories.keys)]
        }
    }
}

fn master_key(store: &Store, keys_dir: &Path) -> Finding {
    match keys::sealed_with(store) {
        Ok(None) => key_file(keys_dir),
        Ok(Some(id)) => match keys::open_sealing_key(&id, keys_dir) {
            Ok(_) => {
                let path = MasterKey::path(keys_dir);
                Finding::ok(MASTER_KEY, format!("{} opens what is sealed", path.display()))
            }
            Err(sentence) => Finding::failed(MASTER_KEY, sentence),
        },
        Err(error) => Finding::failed(DATABASE, error.to_string()),
    }
}

fn key_file(keys_dir: &Path) -> Finding {
    places::file(MASTER_KEY, &MasterKey::path(keys_dir))
}
