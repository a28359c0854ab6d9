//! Each request sees one state of providers and routes from its beginning to its end, and says which.

use serde_json::json;
use testkit::scripted::End;

use crate::harness::{Answer, Gateway, Moody, openai};

fn generation(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-closedpaw-generation").expect("a generation").parse().expect("a number")
}

#[test]
fn every_change_makes_a_new_generation() {
    let gateway = Gateway::start();
    let (x, y) = (Moody::start(), Moody::start());
    x.register(&gateway, "x");
    let seen = || {
        let answer = gateway.small_chat("x/alpha").send();
        let seen = generation(&answer);
        assert_eq!(gateway.record(&answer)["generation"], seen);
        let explained = gateway.post("/api/explain", &json!({ "model": "x/alpha" })).expect(200);
        assert_eq!(explained["generation"], seen);
        seen
    };
    let mut before = seen();
    assert_eq!(seen(), before, "without a change it stays");
    let changes: [(&str, &dyn Fn()); 8] = [
        ("registered", &|| y.register(&gateway, "y")),
        ("changed", &|| {
            gateway.patch("y", &json!({ "timeout": 9 })).expect(200);
        }),
        ("made the default", &|| {
            gateway.ask("POST", "/api/providers/y/default").send().expect(200);
        }),
        ("a route set", &|| gateway.route("r", "priority", &["x/alpha"])),
        ("a route replaced", &|| gateway.route("r", "weighted", &["y/alpha"])),
        ("a route removed", &|| {
            gateway.ask("DELETE", "/api/routes/r").send().expect(200);
        }),
        ("removed", &|| {
            gateway.delete("y").expect(200);
        }),
        ("reloaded", &|| {
            let told = gateway.post("/api/config/reload", &json!({})).expect(200);
            assert!(told["generation"].as_u64() > Some(0), "{told}");
        }),
    ];
    for (what, change) in changes {
        change();
        let after = seen();
        assert!(after > before, "{what}: {after} after {before}");
        before = after;
    }
    // What is refused or failed changes nothing.
    gateway.patch("x", &json!({ "timeout": "soon" })).expect(422);
    gateway.delete("nobody").expect(404);
    assert_eq!(seen(), before);
}

#[test]
fn a_request_keeps_the_state_that_it_began_with() {
    let gateway = Gateway::start();
    let x = Moody::start();
    x.register(&gateway, "x");
    gateway.route("r", "priority", &["x/alpha"]);
    let (first, _) = openai().stream_in_two();
    x.say(openai().streamed([first]).ending(End::Hang));
    let body =
        json!({ "model": "r", "stream": true, "messages": [{ "role": "user", "content": "hi" }] });
    let mut live = gateway.ask("POST", "/v1/chat/completions").json(&body).open();
    let began = live.header("x-closedpaw-generation").expect("a generation").to_owned();
    let id = live.header("x-request-id").expect("an id").to_owned();
    let (_, piece) = live.event().expect("a piece");
    assert_eq!(piece["choices"][0]["delta"]["content"], "Hello");

    gateway.ask("DELETE", "/api/routes/r").send().expect(200);
    gateway.delete("x").expect(200);
    assert_eq!(gateway.small_chat("r").send().header("x-closedpaw-route"), None);
    assert_eq!(x.disconnects(), 0, "the stream goes on");
    drop(live);
    let record = gateway.record_of(&id);
    assert_eq!(record["generation"].to_string(), began);
    assert_eq!((&record["route"], &record["provider"]), (&json!("r"), &json!("x")));
}
