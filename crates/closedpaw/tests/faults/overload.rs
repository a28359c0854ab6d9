//! More than can be served: as many as fit are answered, and the others are told at once when to come again.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::faulty::{Fault, Pace};

use crate::{
    harness::{at_once, eventually},
    rig::{Rig, Told},
};

const AT_ONCE: usize = 4;
const WAITING: usize = 8;
const THINK: Duration = Duration::from_millis(100);

fn rig(queue: &Value) -> Rig {
    let more = json!({ "limits": { "concurrency": AT_ONCE }, "queue": queue });
    Rig::start(1, Pace { think: THINK, stream: Duration::ZERO }, &more)
}

#[test]
fn a_burst_is_served_as_fast_as_it_can_be_and_the_rest_is_shed() {
    let rig = rig(&json!({ "length": WAITING, "wait": 1 }));
    let began = Instant::now();
    let told: Vec<(Told, Duration)> = at_once(120, |index| {
        let asked = Instant::now();
        (rig.chat(&format!("burst-{index}"), "a/alpha", index % 10 < 7), asked.elapsed())
    });
    let took = began.elapsed();
    let served = told.iter().filter(|(told, _)| told.is_whole).count();
    let shed: Vec<_> = told.iter().filter(|(told, _)| !told.is_whole).collect();
    println!("{served} served and {} shed in {took:?}", shed.len());
    // Those at once and those that wait are the least; each tenth of a second makes room for as many again.
    assert!(served >= AT_ONCE + WAITING, "{served} served");
    for (told, _) in &shed {
        assert_eq!(told.status, 503, "{told:?}");
        assert!(told.retry_after >= Some(1), "{told:?}");
        assert_eq!(told.attempts, 0, "{told:?}");
    }
    let account = rig.providers[0].account();
    assert_eq!((account.most_in_flight, account.attempts.len()), (AT_ONCE, served));
    eventually("everybody has left", || rig.providers[0].in_flight() == 0);
    assert!(rig.chat("later", "a/alpha", true).is_whole);
}

#[test]
fn who_would_wait_too_long_is_not_kept() {
    let rig = rig(&json!({ "length": 1000, "wait": 0.3 }));
    let told = at_once(100, |index| {
        let asked = Instant::now();
        (rig.chat(&format!("burst-{index}"), "a/alpha", false), asked.elapsed())
    });
    let shed: Vec<_> = told.iter().filter(|(told, _)| told.status == 503).collect();
    assert_eq!(shed.len() + told.iter().filter(|(told, _)| told.is_whole).count(), told.len());
    assert!(!shed.is_empty());
    for (told, took) in shed {
        assert!(told.retry_after >= Some(1), "{told:?}");
        assert!(*took < Duration::from_secs(3), "{took:?}");
    }
}

#[test]
fn callers_that_leave_the_queue_make_room() {
    let rig = rig(&json!({ "length": WAITING, "wait": 10 }));
    rig.providers[0].suffer(Fault::NoHead);
    let waiting: Vec<_> = (0..AT_ONCE + WAITING)
        .map(|index| rig.ask(&format!("leaving-{index}"), "a/alpha", false).send_only())
        .collect();
    eventually("as many as may run", || rig.providers[0].in_flight() == AT_ONCE);
    rig.providers[0].suffer(Fault::None);
    drop(waiting);
    eventually("there is room again", || rig.chat("first", "a/alpha", false).is_whole);
    let told = at_once(AT_ONCE, |index| rig.chat(&format!("staying-{index}"), "a/alpha", false));
    assert!(told.iter().all(|told| told.is_whole), "{told:?}");
}

#[test]
fn a_route_goes_on_to_one_that_is_free() {
    let slow = Duration::from_secs(1);
    let more = json!({ "limits": { "concurrency": 2 }, "queue": { "length": 0, "wait": 1 } });
    let rig = Rig::start(3, Pace { think: slow, stream: Duration::ZERO }, &more);
    rig.route();
    let told = at_once(6, |index| rig.chat(&format!("x{index}"), crate::rig::ROUTE, true));
    assert!(told.iter().all(|told| told.is_whole), "{told:?}");
    for provider in &rig.providers {
        assert_eq!(provider.account().most_in_flight, 2);
    }
}
