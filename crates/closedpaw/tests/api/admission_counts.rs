//! Many at once against a limit: exactly as many are let in as may, and nobody is kept out who may come in.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use testkit::scripted::Answer as Script;

use crate::{
    harness::{Gateway, Kept, Moody, at_once, eventually, vendor},
    virtual_keys::{make, text},
};

const AT_ONCE: usize = 500;
const LIMIT: usize = 37;

/// As many as fit into a few seconds of a slow machine, and are far from any other bound.
const LAWFUL: usize = 20_000;
const CONNECTIONS: usize = 16;

#[test]
fn of_500_at_once_37_are_let_in() {
    let gateway = Gateway::start();
    let provider = Moody::start_of(vendor("custom"));
    provider.register(&gateway, "x");
    for round in 1..=4 {
        let limits = json!({ "requests_per_minute": LIMIT });
        let key = text(&make(&gateway, &json!({ "name": "k", "limits": limits })));
        let before = provider.chats();
        let ask = gateway.small_chat("x/alpha").with_key(&key);
        let statuses = at_once(AT_ONCE, |_| {
            let answer = ask.clone().send();
            assert!(answer.status == 200 || answer.header("retry-after").is_some());
            answer.status
        });
        let count = |status| statuses.iter().filter(|told| **told == status).count();
        assert_eq!((count(200), count(429)), (LIMIT, AT_ONCE - LIMIT), "round {round}");
        assert_eq!(provider.chats(), before + LIMIT, "round {round}");
    }
}

#[test]
fn of_500_that_stay_37_are_let_in() {
    let gateway = Gateway::start();
    let provider = Moody::start_of(vendor("custom"));
    provider.register(&gateway, "x");
    let key = json!({ "name": "k", "limits": { "concurrency": LIMIT } });
    let key = text(&make(&gateway, &key));
    for round in 1..=3 {
        provider.say(Script::silence());
        let before = provider.chats();
        let ask = gateway.small_chat("x/alpha").with_key(&key);
        let callers: Vec<_> = (0..AT_ONCE).map(|_| ask.clone().send_only()).collect();
        for caller in &callers {
            caller.set_nonblocking(true).expect("a socket");
        }
        let refused = || {
            let answered = callers.iter().filter(|caller| {
                let mut start = [0; 12];
                caller.peek(&mut start).is_ok_and(|read| {
                    assert_eq!(&start[..read], b"HTTP/1.1 429");
                    true
                })
            });
            answered.count()
        };
        eventually("all others are refused", || refused() == AT_ONCE - LIMIT);
        assert_eq!(provider.chats(), before + LIMIT, "round {round}");
        provider.recover();
        drop(callers);
        eventually("there is room again", || ask.clone().send().status == 200);
        eventually("all who went away are gone", || {
            let health = gateway.get("/api/providers/x/health").expect(200);
            health["models"][0]["in_flight"] == 0
        });
    }
}

#[test]
fn of_20000_lawful_requests_none_is_kept_out() {
    let gateway = Gateway::start();
    let provider = Moody::start_of(vendor("custom"));
    provider.register(&gateway, "x");
    let project = json!({ "limits": { "requests_per_minute": LAWFUL } });
    gateway.ask("PUT", "/api/projects/web").json(&project).send().expect(200);
    let limits = json!({ "requests_per_minute": LAWFUL, "concurrency": CONNECTIONS });
    let key = json!({ "name": "k", "project": "web", "limits": limits });
    let key = text(&make(&gateway, &key));
    // Counting is estimated here, which is the cheapest thing that a limit is asked about.
    let body = json!({ "model": "x/alpha", "messages": [{ "role": "user", "content": "hi" }] });
    let ask = gateway.ask("POST", "/v1/messages/count_tokens").with_key(&key).json(&body);
    let kept_out = AtomicUsize::new(0);
    at_once(CONNECTIONS, |_| {
        let mut connection = Kept::open(gateway.address());
        for _ in 0..LAWFUL / CONNECTIONS {
            if connection.send(&ask).status != 200 {
                kept_out.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    assert_eq!(kept_out.load(Ordering::Relaxed), 0);
}
