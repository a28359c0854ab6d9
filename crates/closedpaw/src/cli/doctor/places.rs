//! The data dir, the keys dir and the admin key in it: that they are there, and nobody else's.

use std::path::Path;

use config::Directories;
use vault::{AdminKey, PrivateFileError, private_file};

use super::Finding;
use crate::cli::session::Session;

/// Checks both directories.
pub(super) fn check(directories: &Directories) -> Vec<Finding> {
    vec![directory("data dir", &directories.data), directory("keys dir", &directories.keys)]
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

/// Checks that a file is this user's alone; one that is not there is no fault.
pub(super) fn file(check: &'static str, path: &Path) -> Finding {
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
