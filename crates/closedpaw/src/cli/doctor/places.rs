//! The data dir, the keys dir and the keys in it: that they are there, and nobody else's.

use std::path::Path;

use config::Directories;
use vault::{AdminKey, MasterKey, PrivateFileError, private_file};

use super::Finding;
use crate::cli::session::Session;

/// Checks both directories and the master key.
pub(super) fn check(directories: &Directories) -> Vec<Finding> {
    vec![
        directory("data dir", &directories.data),
        directory("keys dir", &directories.keys),
        file("master key", &MasterKey::path(&directories.keys)),
    ]
}

/// Checks the admin key, which the environment may give instead of the file.
pub(super) fn check_admin_key(session: &Session, keys_dir: &Path) -> Finding {
    const CHECK: &str = "admin key";
    let Some(text) = session.environment.text("CLOSEDPAW_ADMIN_KEY") else {
        return file(CHECK, &AdminKey::path(keys_dir));
    };
    match AdminKey::from_text(&text) {
        Ok(_) => Finding::ok(CHECK, "CLOSEDPAW_ADMIN_KEY holds it"),
        Err(error) => Finding::failed(CHECK, format!("CLOSEDPAW_ADMIN_KEY: {error}")),
    }
}

fn directory(check: &'static str, path: &Path) -> Finding {
    finding(check, path, private_file::check_directory(path))
}

fn file(check: &'static str, path: &Path) -> Finding {
    finding(check, path, private_file::check(path))
}

fn finding(check: &'static str, path: &Path, outcome: Result<(), PrivateFileError>) -> Finding {
    match outcome {
        Ok(()) => Finding::ok(check, path.display().to_string()),
        Err(PrivateFileError::Missing { .. }) => {
            Finding::ok(check, format!("{} will be made at the first start", path.display()))
        }
        Err(error) => Finding::failed(check, error.to_string()),
    }
}
