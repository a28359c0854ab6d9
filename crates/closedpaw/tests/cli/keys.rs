//! The verbs about keys and projects against a running gateway.

use serde_json::json;

use crate::program::Place;

#[test]
fn a_key_is_made_rotated_and_revoked() {
    let place = Place::new();
    let gateway = place.serve();
    let create = [
        "keys",
        "create",
        "--name",
        "ci",
        "--project",
        "web",
        "--scope",
        "providers:read",
        "--scope",
        "keys",
        "--provider",
        "oll*",
        "--model",
        "llama*",
        "--local-only",
        "--concurrency",
        "3",
        "--expires",
        "30d",
    ];
    let alone = place.run(&["keys", "create", "--name", "alone", "--output", "table"]);
    assert!(alone.stderr.contains("shown this once"), "{alone:?}");
    let alone = alone.ok();
    let alone = alone.strip_suffix('\n').unwrap();
    assert!(alone.starts_with("sk-cp-") && !alone.contains(char::is_whitespace), "{alone}");
    let made = place.run(&create).json();
    let key = made["key"].as_str().unwrap();
    let id = key.split('-').nth(2).unwrap();

    let shown = place.run(&["keys", "show", id]).json();
    assert_eq!((&shown["name"], &shown["project"]), (&json!("ci"), &json!("web")));
    assert_eq!(shown["scopes"], json!(["providers:read", "keys"]));
    assert_eq!((&shown["providers"], &shown["models"]), (&json!(["oll*"]), &json!(["llama*"])));
    assert_eq!((&shown["local_only"], &shown["limits"]["concurrency"]), (&json!(true), &json!(3)));
    assert!(shown["expires_at"].is_string());

    let file = place.write("key.txt", key);
    let with_key = ["--key-file", file.to_str().unwrap(), "--url", gateway.url()];
    let list = place.run(&[&["providers", "list"], with_key.as_slice()].concat()).json();
    assert_eq!(list["providers"].as_object().unwrap().len(), 1);
    let more = ["keys", "create", "--name", "x", "--scope", "admin"];
    let refused = place.run(&[more.as_slice(), &with_key].concat());
    refused.fails(4, "does not hold the scope 'admin'");

    let rotated = place.run(&["keys", "rotate", id, "--overlap", "1d", "--output", "json"]).json();
    assert!(rotated["key"].as_str().unwrap().starts_with(&format!("sk-cp-{id}-")));
    assert!(rotated["old_key_until"].is_string());
    place.run(&[&["keys", "list"], with_key.as_slice()].concat()).ok();

    let table = place.run(&["keys", "list", "--output", "table"]).ok();
    assert!(table.lines().any(|line| line.contains(id) && line.contains("active")), "{table}");
    assert_eq!(place.run(&["keys", "revoke", id]).json()["status"], "revoked");
    place.run(&[&["keys", "list"], with_key.as_slice()].concat()).fails(4, "valid key");
    place.run(&["keys", "show", "nobody"]).fails(1, "Key not found");
}

#[test]
fn wrong_command_lines_are_told() {
    let place = Place::new();
    place.run(&["keys", "revoke", "sk-cp-aaaaaaaaaaaa-x"]).fails(2, "not the key");
    place.run(&["keys", "create", "--name", "x", "--expires", "soon"]).fails(2, "30d");
    place.run(&["keys", "create", "--name", "x", "--scope", "usege"]).fails(2, "'usage'");
    place.run(&["keys", "rotate", "a", "--overlap", "1"]).fails(2, "expected a duration");
    place.run(&["projects", "remove", "a/b"]).fails(2, "a name has");
}

#[test]
fn projects_are_limited_and_freed() {
    let place = Place::new();
    let _gateway = place.serve();
    let set = ["projects", "set", "web", "--requests-per-minute", "60", "--concurrency", "4"];
    let limits = json!({ "requests_per_minute": 60, "tokens_per_minute": null, "concurrency": 4 });
    assert_eq!(place.run(&set).json()["limits"], limits);
    let table = place.run(&["projects", "list", "--output", "table"]).ok();
    assert!(table.lines().any(|line| line.contains("web") && line.contains("60")), "{table}");
    place.run(&["projects", "remove", "web"]).ok();
    assert_eq!(place.run(&["projects", "list"]).json(), json!({ "projects": [] }));
    place.run(&["projects", "remove", "web"]).fails(1, "Project not found");
}
