//! A provider that answers 429, and says when to come again in every spelling that there is.

use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use testkit::faulty::{Fault, Pace, http_date};

use crate::{
    before_the_head::{check_attempts, many},
    harness::eventually,
    rig::{ROUTE, Rig},
};

/// Of many requests during a storm nearly all are answered by others, and the limited one is left alone: it is asked
/// once for each of the callers that came before it had said no, and then once for each wait that passed.
fn check(retry_after: &str, wait: Option<Duration>) {
    let rig = Rig::start(3, Pace::default(), &Value::Null);
    rig.route();
    rig.providers[0].suffer(Fault::limited(retry_after));
    let began = Instant::now();
    let told = many(&rig, "limited");
    let took = began.elapsed();
    let failed: Vec<_> = told.iter().filter(|told| !told.is_whole).collect();
    assert!(failed.len() * 100 <= told.len(), "{retry_after}: {} failed: {failed:?}", failed.len());
    check_attempts(&rig, told.len());
    let Some(wait) = wait else { return };
    let waits = (took.as_millis() / wait.as_millis()) as usize;
    let asked = rig.providers[0].chats();
    let most = 8 * (1 + waits);
    assert!(asked <= most, "{retry_after}: asked {asked} times in {took:?}");
}

#[test]
fn a_limited_provider_is_left_alone_until_its_time() {
    check("2", Some(Duration::from_secs(2)));
    check("3600", Some(Duration::from_secs(60)));
    check(&http_date(SystemTime::now() + Duration::from_secs(1800)), Some(Duration::from_secs(60)));
}

#[test]
fn a_wait_that_says_nothing_is_a_second_and_then_more() {
    for nothing in ["soon", "-5", "", "1e9", "99999999999999999999"] {
        check(nothing, Some(Duration::from_secs(1)));
    }
}

#[test]
fn no_wait_at_all_costs_nobody_an_answer() {
    check("0", None);
    check(&http_date(SystemTime::now() - Duration::from_secs(60)), None);
}

#[test]
fn without_anybody_else_callers_are_told_the_true_time_at_once() {
    let rig = Rig::start(1, Pace::default(), &Value::Null);
    rig.providers[0].suffer(Fault::limited("3600"));
    for number in 0..10 {
        let asked = Instant::now();
        let told = rig.chat(&format!("x{number}"), "a/alpha", false);
        assert!(asked.elapsed() < Duration::from_secs(2), "nobody waits for it");
        assert_eq!(told.status, 429, "{told:?}");
        let retry_after = told.retry_after.unwrap();
        assert!((3590..=3600).contains(&retry_after), "{retry_after}");
    }
    assert_eq!(rig.providers[0].chats(), 1);
}

#[test]
fn once_its_time_has_come_it_gets_everything_again() {
    let rig = Rig::start(2, Pace::default(), &Value::Null);
    rig.route();
    rig.providers[0].suffer(Fault::limited("1"));
    assert_eq!(rig.chat("first", ROUTE, false).provider.as_deref(), Some("b"));
    rig.providers[0].suffer(Fault::None);
    eventually("the limited one answers", || {
        rig.chat("again", ROUTE, false).provider.as_deref() == Some("a")
    });
    for number in 0..20 {
        let told = rig.chat(&format!("later-{number}"), ROUTE, true);
        assert_eq!(told.provider.as_deref(), Some("a"), "{told:?}");
    }
}
