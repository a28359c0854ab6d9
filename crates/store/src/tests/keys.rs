//! Keys come back as they went in; what was revoked stays revoked, whatever happens to the process.

use serde_json::json;

use super::{durability::killed, *};
use crate::{KeyRow, ProjectRow, StoreError};

/// A key with nothing but what it must have.
fn plain(id: &str) -> KeyRow {
    KeyRow {
        id: id.to_owned(),
        name: "a key".to_owned(),
        project: None,
        made_by: None,
        scopes: vec!["inference".to_owned()],
        providers: None,
        models: None,
        local_only: false,
        limits: Map::new(),
        created_at_ms: 1_700_000_000_000,
        expires_at_ms: None,
        revoked_at_ms: None,
        digest: [7; 32],
        old_digest: None,
    }
}

/// A key with everything.
fn full(id: &str) -> KeyRow {
    KeyRow {
        project: Some("blue".to_owned()),
        made_by: Some("aaaaaaaaaaaa".to_owned()),
        scopes: vec!["keys".to_owned(), "providers:read".to_owned()],
        providers: Some(vec!["work-*".to_owned(), "\"ä".to_owned()]),
        models: Some(vec![]),
        local_only: true,
        limits: json!({ "tokens_per_minute": 5 }).as_object().unwrap().clone(),
        expires_at_ms: Some(1_800_000_000_000),
        revoked_at_ms: Some(1_700_000_000_001),
        old_digest: Some(([8; 32], 1_700_000_000_002)),
        ..plain(id)
    }
}

const A: &str = "aaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbb";
const C: &str = "cccccccccccc";

fn keys(store: &Store) -> Vec<KeyRow> {
    store.load_keys().unwrap().0
}

#[test]
fn rows_come_back_as_they_went_in_and_in_order() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.load_keys().unwrap(), (vec![], vec![]));
    for key in [full(C), plain(A), full(B)] {
        store.insert_key(&key, &[]).unwrap();
    }
    let limits = json!({ "concurrency": 3 }).as_object().unwrap().clone();
    let project = ProjectRow { name: "blue".to_owned(), limits };
    store.set_project(&ProjectRow { limits: Map::new(), ..project.clone() }).unwrap();
    store.set_project(&project).unwrap();
    let expected = (vec![full(C), plain(A), full(B)], vec![project]);
    assert_eq!(store.load_keys().unwrap(), expected);
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().load_keys().unwrap(), expected);
}

#[test]
fn a_taken_id_changes_nothing() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.insert_key(&plain(A), &[]).unwrap();
    store.insert_key(&plain(B), &[]).unwrap();
    assert!(matches!(store.insert_key(&full(A), &[B]), Err(StoreError::NameTaken)));
    assert_eq!(keys(&store), [plain(A), plain(B)]);
    store.insert_key(&plain(C), &[A]).unwrap();
    assert_eq!(keys(&store), [plain(B), plain(C)]);
}

#[test]
fn every_acknowledged_call_survives_a_kill() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    let reopened = || Store::open(killed(&dir).path()).unwrap();
    for id in [A, B, C] {
        store.insert_key(&plain(id), &[]).unwrap();
        assert_eq!(keys(&reopened()), keys(&store));
    }
    store.rotate_key(A, &[1; 32], Some((&[7; 32], 9))).unwrap();
    let rotated = KeyRow { digest: [1; 32], old_digest: Some(([7; 32], 9)), ..plain(A) };
    assert_eq!(keys(&reopened()), [rotated, plain(B), plain(C)]);

    store.revoke_keys(&[A, C], 5).unwrap();
    let revoked = |key: KeyRow| KeyRow { revoked_at_ms: Some(5), old_digest: None, ..key };
    let expected = [revoked(KeyRow { digest: [1; 32], ..plain(A) }), plain(B), revoked(plain(C))];
    assert_eq!(keys(&reopened()), expected);

    store.set_project(&ProjectRow { name: "p".to_owned(), limits: Map::new() }).unwrap();
    assert_eq!(reopened().load_keys().unwrap().1.len(), 1);
    store.delete_project("p").unwrap();
    assert_eq!(reopened().load_keys().unwrap().1, []);
}

#[test]
fn what_was_revoked_stays_so() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.insert_key(&plain(A), &[]).unwrap();
    store.revoke_keys(&[A], 5).unwrap();
    store.revoke_keys(&[A], 6).unwrap();
    assert!(matches!(store.rotate_key(A, &[1; 32], None), Err(StoreError::NotFound)));
    assert_eq!(keys(&store), [KeyRow { revoked_at_ms: Some(5), ..plain(A) }]);
}

#[test]
fn what_is_not_there_can_t_be_changed() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    assert!(matches!(store.rotate_key(A, &[1; 32], None), Err(StoreError::NotFound)));
    assert!(matches!(store.delete_project("p"), Err(StoreError::NotFound)));
    store.revoke_keys(&[A], 5).unwrap();
    assert_eq!(store.load_keys().unwrap(), (vec![], vec![]));
}

#[test]
fn rows_that_make_no_sense_are_refused_whole() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    let senseless = [
        plain("short"),
        KeyRow { name: String::new(), ..plain(A) },
        KeyRow { name: "n".repeat(65), ..plain(A) },
        KeyRow { project: Some(String::new()), ..plain(A) },
        KeyRow { made_by: Some("admin".to_owned()), ..plain(A) },
        KeyRow { expires_at_ms: Some(-1), ..plain(A) },
    ];
    for key in senseless {
        let outcome = store.insert_key(&key, &[]);
        assert!(matches!(outcome, Err(StoreError::Internal(_))), "{key:?}");
    }
    let nameless = ProjectRow { name: String::new(), limits: Map::new() };
    assert!(matches!(store.set_project(&nameless), Err(StoreError::Internal(_))));
    assert_eq!(store.load_keys().unwrap(), (vec![], vec![]));
}
