//! Routes come back as they went in, are replaced by name, and hold what the table allows.

use serde_json::json;

use super::*;
use crate::{RouteRow, StoreError};

fn route(name: &str, candidates: usize) -> RouteRow {
    let candidate = |number| json!({ "provider": "ollama", "model": format!("m-{number}") });
    RouteRow {
        name: name.to_owned(),
        strategy: "priority".to_owned(),
        candidates: (0..candidates).map(candidate).collect(),
    }
}

#[test]
fn routes_outlive_the_process_and_are_replaced_by_name() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.load_routes().unwrap(), []);
    store.put_route(&route("smart", 2)).unwrap();
    store.put_route(&route("a/b", 64)).unwrap();
    store.put_route(&route("smart", 1)).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.load_routes().unwrap(), [route("a/b", 64), route("smart", 1)]);
    store.delete_route("a/b").unwrap();
    assert!(matches!(store.delete_route("a/b"), Err(StoreError::NotFound)));
    assert_eq!(store.load_routes().unwrap(), [route("smart", 1)]);
}

#[test]
fn what_no_route_can_be_is_not_stored() {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    for refused in [route("", 1), route(&"a".repeat(129), 1), route("a", 0), route("a", 65)] {
        assert!(store.put_route(&refused).is_err(), "{refused:?}");
    }
    assert_eq!(store.load_routes().unwrap(), []);
}
