//! Providers that stall: each stall ends by its own deadline, and nobody else waits for it.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::faulty::{Fault, Pace};

use crate::{
    harness::{at_once, eventually},
    rig::{Rig, Told, openai},
};

/// What the first chat of a stall may take beyond its deadline.
const SLACK: Duration = Duration::from_secs(1);

/// Deadlines apart from one another, so that the one that struck can be told.
const FIRST_TOKEN_MS: u64 = 400;
const IDLE_MS: u64 = 700;
const TOTAL_MS: u64 = 2500;

fn rig() -> Rig {
    let seconds = |ms: u64| ms as f64 / 1000.0;
    let timeouts =
        json!({ "connect": 1, "first_token": seconds(FIRST_TOKEN_MS), "idle": seconds(IDLE_MS) });
    Rig::start(2, Pace::default(), &json!({ "timeouts": timeouts, "timeout": seconds(TOTAL_MS) }))
}

/// Stalls the first provider and asks it; the error must come within `SLACK` after the deadline, and not before it.
fn check(fault: Fault, stream: bool, deadline_ms: u64) -> u16 {
    let rig = rig();
    rig.providers[0].suffer(fault.clone());
    let asked = Instant::now();
    let answer = rig.ask("stalled", "a/alpha", stream).send();
    let took = asked.elapsed();
    let deadline = Duration::from_millis(deadline_ms);
    assert!(took >= deadline, "{fault:?}: after {took:?}: {}", answer.text());
    assert!(took < deadline + SLACK, "{fault:?}: after {took:?}: {}", answer.text());
    if answer.status == 200 {
        let told = openai().told(&answer.text());
        assert!(!told.ended && told.error.is_some(), "{}", answer.text());
    } else {
        assert_eq!(answer.status, 504, "{fault:?}: {}", answer.text());
    }
    eventually("the provider is hung up", || rig.providers[0].in_flight() == 0);
    answer.status
}

#[test]
fn no_head_is_the_first_tokens_deadline() {
    assert_eq!(check(Fault::NoHead, true, FIRST_TOKEN_MS), 504);
    // A whole answer has no first token: its head comes when it is complete.
    assert_eq!(check(Fault::NoHead, false, TOTAL_MS), 504);
}

#[test]
fn silence_after_the_head_is_the_first_tokens_deadline() {
    assert_eq!(check(Fault::stall(0, 0), true, FIRST_TOKEN_MS), 504);
}

#[test]
fn silence_after_and_within_an_event_is_the_idle_deadline() {
    assert_eq!(check(Fault::stall(5, 0), true, IDLE_MS), 200);
    assert_eq!(check(Fault::stall(5, 20), true, IDLE_MS), 200);
}

#[test]
fn a_byte_now_and_then_gains_no_time() {
    assert_eq!(check(Fault::Trickle(Duration::from_secs(10)), true, FIRST_TOKEN_MS), 504);
    // Bytes that come in time are not silence, but the whole of it has a deadline too.
    assert_eq!(check(Fault::Trickle(Duration::from_millis(50)), true, TOTAL_MS), 504);
}

#[test]
fn the_others_are_unaffected() {
    let rig = rig();
    rig.providers[0].suffer(Fault::NoHead);
    std::thread::scope(|scope| {
        let stalled = scope.spawn(|| {
            at_once(20, |index| rig.chat(&format!("stalled-{index}"), "a/alpha", true).status)
        });
        eventually("the stalled ones wait", || rig.providers[0].in_flight() >= 5);
        let told = at_once(20, |index| rig.chat(&format!("well-{index}"), "b/alpha", true));
        assert!(told.iter().all(|told| told.is_whole));
        let statuses = stalled.join().unwrap();
        assert!(statuses.iter().all(|status| [503, 504].contains(status)), "{statuses:?}");
    });
}

#[test]
fn who_waits_for_less_long_than_the_provider_is_given_does_not_break_it_for_others() {
    let rig = Rig::start(1, Pace::default(), &json!({}));
    for fault in [Fault::NoHead, Fault::stall(5, 0)] {
        rig.providers[0].suffer(fault.clone());
        let told = at_once(12, |index| {
            let stream = index % 2 == 0;
            let ask = rig.ask(&format!("hurry-{index}"), "a/alpha", stream);
            Told::read(&ask.header("x-stainless-timeout", "0.3").send(), stream)
        });
        assert!(told.iter().all(|told| !told.is_whole), "{fault:?}");
        rig.providers[0].suffer(Fault::None);
        let told = rig.chat("patient", "a/alpha", true);
        assert!(told.is_whole, "{fault:?}: {told:?}");
    }
    eventually("they are recorded", || {
        let listed = rig.gateway.get("/api/requests").expect(200);
        listed["requests"].as_array().unwrap().len() == 26
    });
    let newest = rig.gateway.get("/api/requests").expect(200)["requests"][1]["id"].clone();
    let one = rig.gateway.get(&format!("/api/requests/{}", newest.as_str().unwrap())).expect(200);
    assert_eq!(one["attempts"][0]["blame"], "deadline", "{one}");
}

#[test]
fn a_stalled_provider_holds_no_more_connections_than_it_may_serve() {
    let timeouts = json!({ "connect": 1, "first_token": 0.5, "idle": 0.5 });
    let more = json!({
        "timeouts": timeouts, "timeout": 2.5,
        "limits": { "concurrency": 3 }, "queue": { "length": 5, "wait": 1 },
    });
    let rig = Rig::start(1, Pace::default(), &more);
    rig.providers[0].suffer(Fault::NoHead);
    let told = at_once(30, |index| rig.chat(&format!("stalled-{index}"), "a/alpha", true));
    let statuses: Vec<_> = told.iter().map(|told| told.status).collect();
    assert!(statuses.iter().all(|status| [503, 504].contains(status)), "{statuses:?}");
    let account = rig.providers[0].account();
    assert_eq!(account.most_in_flight, 3, "{statuses:?}");
    // Beside each there may be the question whether it lives, and one that is being closed.
    assert!(account.most_connections <= 3 * 3, "{} connections", account.most_connections);
}

#[test]
fn a_route_goes_on_to_the_next_one_before_the_first_byte() {
    for fault in [Fault::NoHead, Fault::stall(0, 0), Fault::Trickle(Duration::from_secs(10))] {
        let rig = rig();
        rig.route();
        rig.providers[0].suffer(fault.clone());
        let told = rig.chat("stalled", crate::rig::ROUTE, true);
        assert!(told.is_whole, "{fault:?}: {told:?}");
        assert_eq!((told.attempts, told.provider.as_deref()), (2, Some("b")), "{fault:?}");
    }
}
