//! The database: that it opens, is whole and of a version that this program knows.

use config::Directories;
use store::Store;

use super::Finding;

const CHECK: &str = "database";

/// Opens the database if there is one.
pub(super) fn check(directories: &Directories) -> Finding {
    let path = directories.data.join(store::FILE_NAME);
    if !path.exists() {
        return Finding::ok(CHECK, format!("{} will be made at the first start", path.display()));
    }
    match Store::open(&directories.data) {
        Ok(_) => Finding::ok(CHECK, format!("{} opens and is whole", path.display())),
        Err(error) => Finding::failed(CHECK, error.to_string()),
    }
}
