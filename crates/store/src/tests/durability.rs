//! What a call acknowledged is on disk, what was deleted is not, and a failing disk takes nothing with it.

use std::{fs, mem, os::unix::fs::PermissionsExt as _, thread};

use rusqlite::Connection;

use super::*;
use crate::StoreError;

/// The data directory as it would be if the process were killed now.
pub(super) fn killed(data_dir: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for ending in ["", "-wal"] {
        let from = beside(&database(data_dir), ending);
        if from.exists() {
            fs::copy(&from, beside(&database(&copy), ending)).unwrap();
        }
    }
    copy
}

#[test]
fn every_acknowledged_call_survives_a_kill() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    let reopened = || Store::open(killed(&dir).path()).unwrap();
    for number in 0..20 {
        store.insert_provider(&full(&format!("p{number}"))).unwrap();
        assert_eq!(names(&reopened()).len(), number + 1);
    }
    store.set_default("p7").unwrap();
    assert_eq!(default_of(&reopened()).as_deref(), Some("p7"));
    store.update_provider(&plain("p7")).unwrap();
    assert!(reopened().load().unwrap().providers.contains(&plain("p7")));
    store.delete_provider("p7").unwrap();
    assert!(!names(&reopened()).contains(&"p7".to_owned()));
    store.set_setting("seeded", "yes").unwrap();
    assert_eq!(reopened().setting("seeded").unwrap().as_deref(), Some("yes"));
}

#[test]
fn a_kill_at_any_byte_of_the_log_leaves_whole_rows_in_order() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    for number in 0..4 {
        store.insert_provider(&full(&format!("p{number}"))).unwrap();
    }
    let log = fs::read(beside(&database(&dir), "-wal")).unwrap();
    let mut seen = 0;
    for length in (0..=log.len()).step_by(509).chain([log.len()]) {
        let copy = killed(&dir);
        fs::write(beside(&database(&copy), "-wal"), &log[..length]).unwrap();
        let loaded = Store::open(copy.path()).unwrap().load().unwrap();
        assert!(loaded.providers.len() >= seen, "at {length}");
        seen = loaded.providers.len();
        for (number, provider) in loaded.providers.iter().enumerate() {
            assert_eq!(*provider, full(&format!("p{number}")), "at {length}");
        }
        assert_eq!(loaded.default_provider.is_some(), seen > 0, "at {length}");
    }
    assert_eq!(seen, 4);
}

#[test]
fn a_store_that_was_never_closed_opens_again() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.insert_provider(&full("a")).unwrap();
    mem::forget(store);
    assert_eq!(names(&Store::open(dir.path()).unwrap()), ["a"]);
}

#[test]
fn commits_wait_for_the_disk() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    let connection = store.connection();
    let pragma = |name| -> String {
        connection
            .query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), (), |row| {
                row.get(0)
            })
            .unwrap()
    };
    let full_synchronous = "2";
    assert_eq!(pragma("journal_mode"), "wal");
    assert_eq!(pragma("synchronous"), full_synchronous);
    assert_eq!(pragma("foreign_keys"), "1");
    assert_eq!(pragma("secure_delete"), "1");
    assert_eq!(pragma("trusted_schema"), "0");
}

#[test]
fn what_was_sealed_leaves_no_bytes_behind() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    let canary = |number: u8| format!("canary-{number}").repeat(400).into_bytes();
    let sealed = |name, number| ProviderRow {
        api_key_sealed: Some(canary(number)),
        headers_sealed: None,
        header_names: vec![],
        ..full(name)
    };
    store.insert_provider(&sealed("deleted", 1)).unwrap();
    store.insert_provider(&sealed("updated", 2)).unwrap();
    store.insert_provider(&sealed("kept", 3)).unwrap();
    store.delete_provider("deleted").unwrap();
    store.update_provider(&sealed("updated", 4)).unwrap();

    let on_disk: Vec<u8> = ["", "-wal"]
        .iter()
        .flat_map(|ending| fs::read(beside(&database(&dir), ending)).unwrap())
        .collect();
    let holds = |number: u8| {
        let canary = format!("canary-{number}");
        on_disk.windows(canary.len()).any(|window| window == canary.as_bytes())
    };
    assert_eq!([1, 2, 3, 4].map(holds), [false, false, true, true]);
}

#[test]
fn its_files_are_their_owner_s_alone() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.insert_provider(&plain("a")).unwrap();
    let mut modes: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o7777;
            (file.file_name().into_string().unwrap(), mode)
        })
        .collect();
    modes.sort();
    let expected = ["closedpaw.db", "closedpaw.db-shm", "closedpaw.db-wal"];
    assert_eq!(modes, expected.map(|name| (name.to_owned(), 0o600)));
}

#[test]
fn a_full_disk_is_said_and_passes() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.insert_provider(&plain("a")).unwrap();
    let page_limit = |pages: u32| {
        store.connection().pragma_update(None, "max_page_count", pages).unwrap();
    };
    let large = ProviderRow { api_key_sealed: Some(vec![7; 1 << 20]), ..full("large") };
    page_limit(40);
    let error = store.insert_provider(&large).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(names(&store), ["a"]);
    page_limit(4000);
    store.insert_provider(&large).unwrap();
    assert_eq!(names(&store), ["a", "large"]);
}

#[test]
fn another_process_s_lock_is_said_and_passes() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.connection().busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = Connection::open(database(&dir)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.insert_provider(&plain("a")).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    other.execute_batch("COMMIT").unwrap();
    store.insert_provider(&plain("a")).unwrap();
}

#[test]
fn a_thread_that_panics_in_a_call_takes_its_own_work_with_it_only() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    let panicked = thread::scope(|scope| {
        scope
            .spawn(|| {
                store.write(|transaction| -> Result<(), StoreError> {
                    transaction.execute("INSERT INTO settings VALUES ('half', '')", ())?;
                    panic!("in the middle")
                })
            })
            .join()
    });
    assert!(panicked.is_err());
    assert_eq!(store.setting("half").unwrap(), None);
    store.insert_provider(&plain("a")).unwrap();
}
