//! What was written, held against files that a person has read. `UPDATE_GOLDENS=1` writes them anew.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use testkit::fixtures;

/// The snapshots of one folder, by the name of their file.
#[derive(Default)]
pub struct Snapshots(BTreeMap<String, String>);

impl Snapshots {
    /// Adds one; bytes that aren't UTF-8 fail the test.
    pub fn add(&mut self, case: &str, target: &str, text: String) {
        let name = format!("{case}.{target}.snap");
        assert!(self.0.insert(name, text).is_none(), "two snapshots of {case} for {target}");
    }

    /// Compares them to those in `fixtures/snapshots/<folder>`: none may be missing, differ, or be left over.
    pub fn check(&self, folder: &str) {
        let folder = fixtures::own_root().join("snapshots").join(folder);
        let known = known(&folder);
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            fs::create_dir_all(&folder).expect("a folder");
            for path in known.keys().filter(|name| !self.0.contains_key(*name)) {
                fs::remove_file(folder.join(path)).expect("a file that is left over");
            }
            for (name, text) in &self.0 {
                fs::write(folder.join(name), text).expect("a file");
            }
            return;
        }
        for (name, text) in &self.0 {
            let at = folder.join(name);
            let path = known.get(name).unwrap_or_else(|| panic!("{} is missing", at.display()));
            let golden = fs::read_to_string(path).expect("a file of UTF-8");
            assert_eq!(*text, golden, "{}", at.display());
        }
        for (name, path) in known {
            assert!(self.0.contains_key(&name), "nothing writes {}", path.display());
        }
    }
}

fn known(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("a readable folder entry").path());
    let named = paths.map(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
        (name.to_owned(), path)
    });
    named.collect()
}
