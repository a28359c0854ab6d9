//! A fresh directory gets a database; anything broken, foreign or newer is refused and left as it is.

use std::{fs, os::unix::fs::PermissionsExt as _, thread};

use rusqlite::Connection;

use super::*;
use crate::{
    OpenError,
    migrations::{MIGRATIONS, Migration},
};

/// A closed database with one provider in it.
fn made() -> TempDir {
    let dir = data_dir();
    Store::open(dir.path()).unwrap().insert_provider(&full("a")).unwrap();
    dir
}

fn refusal(data_dir: &TempDir) -> OpenError {
    let before = fs::read(database(data_dir)).ok();
    let error = Store::open(data_dir.path()).unwrap_err();
    assert_eq!(fs::read(database(data_dir)).ok(), before, "changed though refused: {error}");
    let named = database(data_dir).display().to_string();
    assert!(error.to_string().starts_with(&named), "{error}");
    error
}

/// The released steps and one more.
fn longer(version: u32, sql: &'static str) -> Vec<Migration> {
    [MIGRATIONS, &[Migration { version, name: "next", sql }]].concat()
}

const NEXT: u32 = MIGRATIONS[MIGRATIONS.len() - 1].version + 1;

#[test]
fn a_fresh_directory_gets_one_file() {
    let dir = data_dir();
    drop(Store::open(dir.path()).unwrap());
    let files: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, [FILE_NAME]);
}

#[test]
fn many_that_open_at_once_find_one_database() {
    let dir = data_dir();
    thread::scope(|scope| {
        for number in 0..8 {
            let dir = &dir;
            scope.spawn(move || {
                let store = Store::open(dir.path()).unwrap();
                store.insert_provider(&plain(&format!("p{number}"))).unwrap();
            });
        }
    });
    assert_eq!(names(&Store::open(dir.path()).unwrap()).len(), 8);
}

#[test]
fn damaged_files_are_refused_and_never_replaced() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 8] = [
        ("emptied", Vec::clear),
        ("cut to a byte", |file| file.truncate(1)),
        ("cut within the header", |file| file.truncate(50)),
        ("cut within the first page", |file| file.truncate(1000)),
        ("cut to a page", |file| file.truncate(4096)),
        // The last page alone may be that of an empty table, of which nothing is lost.
        ("cut within the last page but one", |file| file.truncate(file.len() - 4096 - 100)),
        ("another magic", |file| file[0] ^= 1),
        ("text", |file| {
            *file = b"not a database at all, but quite long enough to be one".repeat(99)
        }),
    ];
    for (damage, apply) in damages {
        let dir = made();
        let mut file = fs::read(database(&dir)).unwrap();
        apply(&mut file);
        fs::write(database(&dir), file).unwrap();
        let error = refusal(&dir);
        assert!(matches!(error, OpenError::Corrupt { .. }), "{damage}: {error}");
        assert!(error.to_string().ends_with("restore a backup"), "{damage}: {error}");
    }
}

#[test]
fn overwritten_pages_are_refused() {
    let whole = fs::read(database(&made())).unwrap();
    let pages = whole.len() / 4096;
    assert!(pages > 5);
    for page in 0..pages {
        let dir = made();
        let mut file = whole.clone();
        file[page * 4096..(page + 1) * 4096].fill(0xa5);
        fs::write(database(&dir), file).unwrap();
        assert!(matches!(refusal(&dir), OpenError::Corrupt { .. }), "page {page}");
    }
}

#[test]
fn a_log_without_its_database_is_refused() {
    let dir = data_dir();
    fs::write(beside(&database(&dir), "-wal"), b"log").unwrap();
    assert!(matches!(refusal(&dir), OpenError::Corrupt { .. }));
    assert!(!database(&dir).exists());
}

#[test]
fn another_program_s_database_is_refused() {
    let dir = data_dir();
    let other = Connection::open(database(&dir)).unwrap();
    other.execute_batch("CREATE TABLE providers (name TEXT)").unwrap();
    drop(other);
    fs::set_permissions(database(&dir), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(refusal(&dir), OpenError::Foreign { .. }));
}

#[test]
fn files_that_others_could_read_or_that_lead_elsewhere_are_refused() {
    let dir = made();
    fs::set_permissions(database(&dir), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(refusal(&dir), OpenError::File(_)));

    let elsewhere = made();
    fs::remove_file(database(&dir)).unwrap();
    std::os::unix::fs::symlink(database(&elsewhere), database(&dir)).unwrap();
    assert!(matches!(refusal(&dir), OpenError::File(_)));

    fs::remove_file(database(&dir)).unwrap();
    fs::create_dir(database(&dir)).unwrap();
    assert!(matches!(refusal(&dir), OpenError::File(_)));
}

#[test]
fn a_missing_directory_is_not_made() {
    let dir = data_dir();
    let missing = dir.path().join("missing");
    assert!(matches!(Store::open(&missing), Err(OpenError::File(_))));
    assert!(!missing.exists());
}

#[test]
fn later_steps_are_applied_once_and_keep_the_rows() {
    let dir = made();
    let steps =
        longer(NEXT, "CREATE TABLE extra (n INTEGER) STRICT; INSERT INTO extra VALUES (1);");
    for _ in 0..2 {
        let store = Store::open_with(dir.path(), &steps).unwrap();
        assert_eq!(store.load().unwrap().providers, [full("a")]);
        let rows: u32 = store
            .connection()
            .query_row("SELECT count(*) FROM extra", (), |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1);
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let dir = made();
    drop(Store::open_with(dir.path(), &longer(NEXT, "CREATE TABLE extra (n INTEGER)")).unwrap());
    let error = refusal(&dir);
    assert!(matches!(error, OpenError::Newer { found: NEXT, .. }), "{error}");
    assert!(error.to_string().contains("made by a newer ClosedPaw"), "{error}");
}

#[test]
fn changed_missing_and_unknown_steps_are_refused() {
    let with = |sql| longer(NEXT, sql);
    let applied = with("CREATE TABLE extra (n INTEGER)");
    let dir = made();
    drop(Store::open_with(dir.path(), &applied).unwrap());
    let renumbered = longer(NEXT + 1, "CREATE TABLE extra (n INTEGER)");
    for ours in [with("CREATE TABLE extra (n INTEGER) -- edited"), renumbered] {
        let error = Store::open_with(dir.path(), &ours).unwrap_err();
        assert!(
            matches!(&error, OpenError::MigrationChanged { name, .. } if name == "next"),
            "{error}"
        );
    }
    Store::open_with(dir.path(), &applied).unwrap();
}

#[test]
fn a_step_that_fails_half_way_leaves_nothing() {
    let dir = made();
    let failing = longer(NEXT, "CREATE TABLE extra (n INTEGER); SELECT * FROM nowhere;");
    Store::open_with(dir.path(), &failing).unwrap_err();
    let store = Store::open(dir.path()).unwrap();
    assert!(!store.connection().table_exists(None, "extra").unwrap());
    assert_eq!(names(&store), ["a"]);

    let fresh = data_dir();
    Store::open_with(fresh.path(), &failing).unwrap_err();
    assert_eq!(fs::read_dir(fresh.path()).unwrap().count(), 0);
}

#[test]
fn steps_are_numbered_in_order() {
    assert!(MIGRATIONS.is_sorted_by(|one, next| one.version < next.version));
    for migration in MIGRATIONS {
        assert!(migration.name.starts_with(&format!("{:04}_", migration.version)));
    }
}
