//! `closedpaw explain`: what would happen, and what did.

use crate::{
    program::Place,
    requests::{cells, request, serve_with},
};

#[test]
fn what_would_happen_is_a_table_and_a_sentence() {
    let place = Place::new();
    let _gateway = place.serve();
    place
        .run(&["routes", "set", "smart", "--candidate", "ollama/m", "--candidate", "nobody/n"])
        .ok();
    let told = place.run(&["explain", "smart", "--output", "table"]);
    assert!(told.stderr.contains("ollama/m would be asked, and nobody after it"), "{told:?}");
    let table = told.ok();
    assert_eq!(cells(&table, "1")[1..4], ["ollama", "m", "ready"], "{table}");
    assert!(table.contains("Provider not found: nobody"), "{table}");
    let key = place.run(&["keys", "create", "--name", "ci", "--model", "other"]).json();
    let id = key["id"].as_str().unwrap();
    place.run(&["explain", "smart", "--key", id]).fails(1, "there is no model 'smart'");
    place.run(&["explain", "smart", "--key", "nobody"]).fails(1, "Key not found");
}

#[test]
fn what_did_happen_is_a_waterfall_and_a_sentence() {
    let place = Place::new();
    let id = "0f3c9a6d5b7e4f1c8a2d6e9b0c4f7a31";
    let _gateway = serve_with(&place, &[request("one"), request(id)]);
    assert_eq!(place.run(&["explain", id]).json()["request"]["id"], id);
    let told = place.run(&["explain", "--request", "one", "--output", "table"]);
    let sentence = "near/m failed (overloaded, status 503); then work/m answered";
    assert!(told.stderr.contains(sentence), "{told:?}");
    let table = told.ok();
    assert_eq!(cells(&table, "cost")[1], "$1.50", "{table}");
    assert!(table.contains("████████████············  503"), "{table}");
    assert_eq!(place.run(&["explain", "--request", "one"]).json()["request"]["id"], "one");
    place.run(&["explain", "--request", "two"]).fails(1, "Request not found");
    place.run(&["explain", "smart", "--request", "one"]).fails(2, "cannot be used with");
}
