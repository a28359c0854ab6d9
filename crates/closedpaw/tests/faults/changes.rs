//! Changes while it is at work: none of them costs anybody an answer, and a bad one changes nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use testkit::faulty::Pace;

use crate::{
    harness::at_once,
    rig::{ROUTE, Rig},
};

const CHANGES: usize = 200;

/// Makes change after change, every tenth of them a bad one, while callers ask; returns how many were answered.
fn change(rig: &Rig, model: &str, change: impl Fn(usize) + Sync) -> usize {
    let is_over = AtomicBool::new(false);
    let answered = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            at_once(4, |caller| {
                let mut answered = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let told = rig.chat(&format!("{caller}-{answered}"), model, answered % 10 < 7);
                    assert!(told.is_whole, "{told:?}");
                    answered += 1;
                }
                answered
            })
        });
        (0..CHANGES).for_each(&change);
        is_over.store(true, Ordering::Relaxed);
        asking.join().expect("callers that are all answered")
    });
    answered.into_iter().sum()
}

#[test]
fn changes_to_providers_cost_nobody_an_answer() {
    let rig = Rig::start(2, Pace::default(), &Value::Null);
    let answered = change(&rig, "a/alpha", |number| {
        if number % 10 == 9 {
            let bad = rig.gateway.patch("a", &json!({ "timeout": -1 }));
            assert_eq!(bad.status / 100, 4, "{}", bad.text());
        } else if number % 2 == 0 {
            let timeout = 100 + number;
            rig.gateway.patch("a", &json!({ "timeout": timeout })).expect(200);
            assert_eq!(rig.gateway.show("a")["timeout"], timeout as f64);
        } else {
            let key = format!("another-key-{number}-0123456789");
            rig.gateway.patch("b", &json!({ "api_key": key })).expect(200);
        }
    });
    println!("{answered} answered during {CHANGES} changes");
    assert!(answered > 20, "{answered}");
    // Every key that was sent was one that it had been given.
    let keys = rig.providers[0].account();
    assert_eq!(keys.attempts_by_key().len(), 1);
}

#[test]
fn changes_to_routes_and_keys_cost_nobody_an_answer() {
    let rig = Rig::start(3, Pace::default(), &Value::Null);
    rig.route();
    let route = |candidates: &[&str]| {
        let candidates: Vec<_> =
            candidates.iter().map(|name| json!({ "provider": name, "model": "alpha" })).collect();
        let body = json!({ "strategy": "weighted", "candidates": candidates });
        rig.gateway.ask("PUT", &format!("/api/routes/{ROUTE}")).json(&body).send()
    };
    let answered = change(&rig, ROUTE, |number| match number % 10 {
        9 => {
            let before = rig.gateway.get(&format!("/api/routes/{ROUTE}")).expect(200);
            assert_eq!(route(&[]).status, 400);
            assert_eq!(rig.gateway.get(&format!("/api/routes/{ROUTE}")).expect(200), before);
        }
        0 | 3 | 6 => drop(route(&["a", "b"]).expect(200)),
        1 | 4 | 7 => drop(route(&["b", "c"]).expect(200)),
        _ => {
            let made = rig.gateway.post("/api/keys", &json!({ "name": format!("k{number}") }));
            let id = made.expect(200)["id"].as_str().expect("an id").to_owned();
            rig.gateway.ask("DELETE", &format!("/api/keys/{id}")).send().expect(200);
        }
    });
    println!("{answered} answered during {CHANGES} changes");
    assert!(answered > 20, "{answered}");
    assert_eq!(rig.chats(), answered, "nobody was asked twice");
}
