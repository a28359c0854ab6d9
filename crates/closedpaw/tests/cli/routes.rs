//! The route verbs against a running gateway.

use serde_json::json;

use crate::program::Place;

#[test]
fn a_route_is_set_listed_shown_and_removed() {
    let place = Place::new();
    let _gateway = place.serve();
    let set = [
        "routes",
        "set",
        "smart",
        "--strategy",
        "local-first",
        "--candidate",
        "ollama/llama3.2:3b",
        "--candidate",
        "work/gpt-4o-mini,weight=3,needs=vision",
    ];
    let outcome = place.run(&set);
    assert!(outcome.stderr.contains("warning: No provider is called 'work'"), "{outcome:?}");
    let answer = outcome.json();
    assert_eq!(answer["strategy"], "local-first");
    assert_eq!(
        answer["candidates"][1],
        json!({ "provider": "work", "model": "gpt-4o-mini", "weight": 3, "when": { "needs": ["vision"] } })
    );
    let list = place.run(&["routes", "list", "--output", "table"]).ok();
    let row = list.lines().find(|line| line.contains("smart")).unwrap();
    assert!(row.contains("ollama/llama3.2:3b, work/gpt-4o-mini"), "{list}");
    let shown = place.run(&["routes", "show", "smart", "--output", "table"]).ok();
    assert!(shown.contains("work/gpt-4o-mini, weight 3, when needs: vision"), "{shown}");

    place.run(&["routes", "show", "smrt"]).fails(1, "did you mean `smart`?");
    place.run(&["routes", "remove", "smart"]).ok();
    place.run(&["routes", "remove", "smart"]).fails(1, "closedpaw routes list");
    assert_eq!(place.run(&["routes", "list"]).json(), json!({ "routes": {} }));
}

#[test]
fn what_was_shown_can_be_set_again() {
    let place = Place::new();
    let _gateway = place.serve();
    place.run(&["routes", "set", "team/a", "--candidate", "ollama/m,at-most=9"]).ok();
    let shown = place.run(&["routes", "show", "team/a"]).ok();
    let copied = place.run_with(&["routes", "set", "b", "--file", "-"], &shown).json();
    assert_eq!(copied["name"], "b");
    assert_eq!(copied["candidates"][0]["when"], json!({ "input_tokens_at_most": 9 }));
    let file = place.write("route.json", shown);
    place.run(&["routes", "set", "c", "--file", file.to_str().unwrap()]).ok();
    let names = place.run(&["routes", "list"]).json();
    let names: Vec<_> = names["routes"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["b", "c", "team/a"]);
}

#[test]
fn what_is_no_route_is_refused() {
    let place = Place::new();
    let _gateway = place.serve();
    let set = |more: &[&str]| place.run(&[&["routes", "set", "r"], more].concat());
    set(&[]).fails(2, "--candidate");
    set(&["--candidate", "ollama"]).fails(2, "expected PROVIDER/MODEL");
    set(&["--candidate", "ollama/m,wieght=2"]).fails(2, "`wieght` is not known");
    set(&["--candidate", "ollama/m", "--file", "x"]).fails(2, "cannot be used with");
    set(&["--file", "/nowhere/route.json"]).fails(2, "cannot read /nowhere/route.json");
    set(&["--candidate", "ollama/m", "--strategy", "best"]).fails(1, "Unknown strategy");
    place.run_with(&["routes", "set", "r", "--file", "-"], "[1]").fails(2, "not a route");
    place.run(&["routes", "set", "a b", "--candidate", "ollama/m"]).fails(1, "Invalid route name");
}
