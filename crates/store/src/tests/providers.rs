//! Rows come back as they went in, names are unique, and the default follows its rules.

use std::thread;

use super::*;
use crate::{Loaded, StoreError};

#[test]
fn rows_come_back_as_they_went_in_and_in_order() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.load().unwrap(), Loaded { providers: vec![], default_provider: None });
    for provider in [full("z"), plain("a"), plain("Z")] {
        store.insert_provider(&provider).unwrap();
    }
    let expected = Loaded {
        providers: vec![full("z"), plain("a"), plain("Z")],
        default_provider: Some("z".to_owned()),
    };
    assert_eq!(store.load().unwrap(), expected);
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().load().unwrap(), expected);
}

#[test]
fn a_taken_name_changes_nothing() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.insert_provider(&plain("a")).unwrap();
    let before = store.load().unwrap();
    assert!(matches!(store.insert_provider(&full("a")), Err(StoreError::NameTaken)));
    assert_eq!(store.load().unwrap(), before);
}

#[test]
fn of_many_at_once_one_gets_the_name() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    let outcomes: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|number| {
                let store = &store;
                scope.spawn(move || {
                    store.insert_provider(&plain(&format!("own-{number}"))).unwrap();
                    store.insert_provider(&plain("wanted"))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(
        outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::NameTaken))).count(),
        15
    );
    assert_eq!(names(&store).len(), 17);
    assert_eq!(default_of(&store).as_ref(), names(&store).first());
}

#[test]
fn an_update_replaces_the_row_and_keeps_its_place() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    for name in ["a", "b", "c"] {
        store.insert_provider(&plain(name)).unwrap();
    }
    let changed = ProviderRow { created_at_ms: 5, ..full("b") };
    store.update_provider(&changed).unwrap();
    assert_eq!(store.load().unwrap().providers, [plain("a"), changed, plain("c")]);
    assert!(matches!(store.update_provider(&plain("d")), Err(StoreError::NotFound)));
    assert_eq!(names(&store), ["a", "b", "c"]);
}

#[test]
fn the_first_is_the_default_until_another_is_made_it() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.insert_provider(&plain("a")).unwrap();
    store.insert_provider(&plain("b")).unwrap();
    assert_eq!(default_of(&store).as_deref(), Some("a"));
    store.set_default("b").unwrap();
    store.set_default("b").unwrap();
    assert_eq!(default_of(&store).as_deref(), Some("b"));
    assert!(matches!(store.set_default("nobody"), Err(StoreError::NotFound)));
    assert_eq!(default_of(&store).as_deref(), Some("b"));
}

#[test]
fn a_deleted_default_passes_to_the_earliest_that_is_enabled() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    for name in ["default", "disabled", "early", "late"] {
        let enabled = name != "disabled";
        store.insert_provider(&ProviderRow { enabled, ..plain(name) }).unwrap();
    }
    let steps = [
        ("late", Some("default")),
        ("default", Some("early")),
        ("early", None),
        ("disabled", None),
    ];
    for (deleted, expected) in steps {
        assert_eq!(store.delete_provider(deleted).unwrap().as_deref(), expected, "{deleted}");
        assert_eq!(default_of(&store).as_deref(), expected, "{deleted}");
    }
    assert!(matches!(store.delete_provider("late"), Err(StoreError::NotFound)));
    store.insert_provider(&plain("next")).unwrap();
    assert_eq!(default_of(&store).as_deref(), Some("next"));
}

#[test]
fn a_name_registered_again_stands_last() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    for name in ["a", "b"] {
        store.insert_provider(&plain(name)).unwrap();
    }
    store.delete_provider("b").unwrap();
    store.insert_provider(&plain("c")).unwrap();
    store.insert_provider(&plain("b")).unwrap();
    assert_eq!(names(&store), ["a", "c", "b"]);
}

#[test]
fn sealed_rows_are_seen_whichever_column_is_sealed() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.insert_provider(&plain("a")).unwrap();
    assert!(!store.has_sealed_rows().unwrap());
    let only_key = ProviderRow { api_key_sealed: Some(vec![1]), ..plain("a") };
    let only_further = ProviderRow { api_keys_sealed: Some(vec![1]), ..plain("a") };
    let only_headers = ProviderRow {
        headers_sealed: Some(vec![1]),
        header_names: vec!["x-team".to_owned()],
        ..plain("a")
    };
    for (provider, expected) in
        [(only_key, true), (plain("a"), false), (only_headers, true), (only_further, true)]
    {
        store.update_provider(&provider).unwrap();
        assert_eq!(store.has_sealed_rows().unwrap(), expected);
    }
}

#[test]
fn rows_that_make_no_sense_are_refused_whole() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    let senseless = [
        plain(""),
        plain(&"n".repeat(65)),
        ProviderRow { network: "internal".to_owned(), ..plain("a") },
        ProviderRow { rate_limit: Some(0), ..plain("a") },
        ProviderRow { timeout_s: Some(0.0), ..plain("a") },
        ProviderRow { api_key_hint: Some("abcd".to_owned()), ..plain("a") },
        ProviderRow { headers_sealed: Some(vec![1]), ..plain("a") },
        ProviderRow { header_names: vec!["x-team".to_owned()], ..plain("a") },
        ProviderRow { api_keys_sealed: Some(vec![]), ..plain("a") },
    ];
    for provider in senseless {
        let outcome = store.insert_provider(&provider);
        assert!(matches!(outcome, Err(StoreError::Internal(_))), "{provider:?}");
    }
    assert_eq!(store.load().unwrap(), Loaded { providers: vec![], default_provider: None });
}

#[test]
fn settings_are_absent_until_set_and_can_change() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.setting("seeded").unwrap(), None);
    for value in ["yes", "", "no"] {
        store.set_setting("seeded", value).unwrap();
        assert_eq!(store.setting("seeded").unwrap().as_deref(), Some(value));
    }
    assert_eq!(store.setting("Seeded").unwrap(), None);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.setting("seeded").unwrap().as_deref(), Some("no"));
}
