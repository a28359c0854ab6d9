//! A key that was revoked under load is refused from the moment that its revocation was answered.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use serde_json::json;

use crate::{
    harness::{Gateway, eventually, openai},
    virtual_keys::{make, text, with_key},
};

/// Connections that ask without pause.
const CONNECTIONS: usize = 8;

#[test]
fn no_request_begun_after_the_answer_is_let_in() {
    let gateway = Gateway::start();
    let provider = openai().start();
    gateway.register(&openai().registration("x", &provider));
    for round in 0..5 {
        let made = make(
            &gateway,
            &json!({ "name": format!("round {round}"), "scopes": ["keys", "inference"] }),
        );
        let child = with_key(&gateway, &text(&made), "POST", "/api/keys");
        let child = child.json(&json!({ "name": "child" })).send().expect(200);
        let keys = [text(&made), text(&child)];
        let (asked, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        // When each request began, and what it got.
        let seen: Mutex<Vec<(Instant, u16)>> = Mutex::default();
        let answered = std::thread::scope(|scope| {
            for connection in 0..CONNECTIONS {
                let (gateway, keys, seen, asked, stop) = (&gateway, &keys, &seen, &asked, &stop);
                scope.spawn(move || {
                    while !stop.load(Ordering::SeqCst) {
                        let key = &keys[connection % 2];
                        let chat = json!({ "model": "x/alpha", "messages": [{ "role": "user", "content": "hi" }] });
                        let ask = with_key(gateway, key, "POST", "/v1/chat/completions").json(&chat);
                        let began = Instant::now();
                        let status = ask.send().status;
                        seen.lock().unwrap().push((began, status));
                        asked.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            eventually("many are let in", || asked.load(Ordering::SeqCst) > 50);
            let path = format!("/api/keys/{}", made["id"].as_str().unwrap());
            gateway.ask("DELETE", &path).send().expect(200);
            let answered = Instant::now();
            let before = asked.load(Ordering::SeqCst);
            eventually("many more are asked", || asked.load(Ordering::SeqCst) > before + 100);
            stop.store(true, Ordering::SeqCst);
            answered
        });
        let seen = seen.into_inner().unwrap();
        let late: Vec<_> = seen.iter().filter(|(began, _)| *began > answered).collect();
        assert!(late.len() > 50, "{}", late.len());
        assert!(late.iter().all(|(_, status)| *status == 401), "{late:?}");
        assert!(seen.iter().any(|(_, status)| *status == 200));
        assert!(seen.iter().all(|(_, status)| matches!(status, 200 | 401)));
    }
}
