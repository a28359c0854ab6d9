//! Providers that fail for a while: the breaker leaves them alone, and nobody pays for more than they failed.

use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::faulty::{Fault, Outcome, Pace};

use crate::{
    before_the_head::check_attempts,
    harness::at_once,
    rig::{ROUTE, Rig, Told},
};

const CALLERS: usize = 4;

/// Consecutive failures that open a breaker.
const THRESHOLD: usize = 5;

/// Asks from some callers at once for this long, about a hundred times a second.
fn ask_for(rig: &Rig, time: Duration) -> Vec<Told> {
    let began = Instant::now();
    let told = at_once(CALLERS, |caller| {
        let mut told = Vec::new();
        while began.elapsed() < time {
            let request = format!("{caller}-{}", told.len());
            told.push(rig.chat(&request, ROUTE, told.len() % 10 < 7));
            std::thread::sleep(Duration::from_millis(30));
        }
        told
    });
    told.into_iter().flatten().collect()
}

#[test]
fn one_that_always_fails_is_tried_once_in_a_while() {
    const TIME: Duration = Duration::from_secs(8);
    let rig = Rig::start(2, Pace::default(), &Value::Null);
    rig.route();
    rig.providers[0].suffer(Fault::status(500));
    let told = ask_for(&rig, TIME);
    assert!(told.iter().all(|told| told.is_whole), "{:?}", told.iter().find(|told| !told.is_whole));
    check_attempts(&rig, told.len());
    let account = rig.providers[0].account();
    let opened = account.attempts[THRESHOLD - 1].at;
    // Those that were under way when it opened, and one trial once the five seconds are over.
    let later = account.between(opened, opened + TIME) - 1;
    assert!(later <= CALLERS + 1, "{later} attempts after it had opened: {account:?}");
    let at_rest =
        account.between(opened + Duration::from_millis(500), opened + Duration::from_millis(4900));
    assert_eq!(at_rest, 0, "it is left alone for five seconds");
}

fn flapping(percent: u32) {
    const TIME: Duration = Duration::from_secs(12);
    let second = Duration::from_secs(1);
    let rig = Rig::start(2, Pace::default(), &Value::Null);
    rig.route();
    let fault = Box::new(Fault::status(503));
    let began = Instant::now();
    rig.providers[0].suffer(Fault::Flapping { fault, percent, on: second, off: second });
    let told = ask_for(&rig, TIME);
    let account = rig.providers[0].account();
    let produced = account.count(Outcome::Refused);
    let errors = told.iter().filter(|told| !told.is_whole).count();
    assert!(errors <= produced, "{errors} errors for {produced} failures");
    check_attempts(&rig, told.len());
    // It opens within a second, and not twice within five.
    let failed = account.attempts.iter().filter(|attempt| attempt.outcome == Outcome::Refused);
    let failed: Vec<_> = failed.map(|attempt| attempt.at).collect();
    assert!(failed[THRESHOLD - 1] < began + 2 * second, "{percent} %");
    let bursts = failed.windows(2).filter(|pair| pair[1] - pair[0] > 3 * second).count() + 1;
    assert!(bursts <= 3, "{percent} %: {bursts} times in {TIME:?}");
}

#[test]
fn one_that_flaps_costs_nobody_more_than_it_failed() {
    flapping(100);
}

#[test]
fn one_that_fails_half_the_time_while_it_flaps_neither() {
    flapping(50);
}

#[test]
fn a_callers_faults_open_nothing() {
    for status in [400, 413, 422] {
        let rig = Rig::start(2, Pace::default(), &Value::Null);
        rig.route();
        rig.providers[0].suffer(Fault::status(status));
        for number in 0..THRESHOLD * 3 {
            let told = rig.chat(&format!("{status}-{number}"), ROUTE, false);
            assert_eq!((told.status, told.attempts), (status, 1), "{told:?}");
        }
        assert_eq!(rig.providers[0].chats(), THRESHOLD * 3);
        assert_eq!(rig.providers[1].chats(), 0);
    }
}

#[test]
fn a_refused_key_is_somebody_elses_turn() {
    for status in [401, 402, 403] {
        let rig = Rig::start(2, Pace::default(), &Value::Null);
        rig.route();
        rig.providers[0].suffer(Fault::status(status));
        for number in 0..20 {
            let told = rig.chat(&format!("{status}-{number}"), ROUTE, false);
            assert!(told.is_whole && told.provider.as_deref() == Some("b"), "{told:?}");
        }
        assert_eq!(rig.providers[0].chats(), 1, "{status}: its key is parked");
    }
}
