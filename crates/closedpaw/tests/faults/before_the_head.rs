//! Connections that are refused or reset before the answer's head: somebody else answers, inside the retry budget.

use serde_json::Value;
use testkit::faulty::{Fault, Pace};

use crate::{
    harness::at_once,
    rig::{ROUTE, Rig, Told},
};

/// Chats at once, and how many each asks for in turn.
const CALLERS: usize = 8;
const EACH: usize = 50;

/// What a gateway that has seen no traffic may retry.
const RESERVE: usize = 50;

/// Asks from many callers at once; seven of ten are streams.
pub fn many(rig: &Rig, run: &str) -> Vec<Told> {
    let told = at_once(CALLERS, |caller| {
        let chat =
            |number: usize| rig.chat(&format!("{run}-{caller}-{number}"), ROUTE, number % 10 < 7);
        (0..EACH).map(chat).collect::<Vec<_>>()
    });
    told.into_iter().flatten().collect()
}

/// Holds that the providers were asked at most as often as the retry budget allows, and nobody three times over.
#[track_caller]
pub fn check_attempts(rig: &Rig, requests: usize) {
    let most = requests + requests / 10 + RESERVE;
    assert!(rig.chats() <= most, "{} attempts for {requests} requests", rig.chats());
    let mut attempts = std::collections::BTreeMap::new();
    for provider in &rig.providers {
        for (request, count) in provider.account().attempts_by_request() {
            assert_eq!(count, 1, "{request} was asked of one provider twice");
            *attempts.entry(request.to_owned()).or_insert(0) += count;
        }
    }
    let most = attempts.values().max();
    assert!(most <= Some(&3), "a request was tried {most:?} times");
}

fn check(fault: Fault) {
    let rig = Rig::start(3, Pace::default(), &Value::Null);
    rig.route();
    rig.providers[0].suffer(fault.clone());
    let told = many(&rig, "broken");
    let failed: Vec<_> = told.iter().filter(|told| !told.is_whole).collect();
    assert!(failed.is_empty(), "{fault:?}: {} of {} failed: {failed:?}", failed.len(), told.len());
    assert!(told.iter().all(|told| told.attempts <= 3));
    check_attempts(&rig, told.len());
}

#[test]
fn every_request_is_answered_while_the_first_refuses_connections() {
    check(Fault::Dark);
}

#[test]
fn every_request_is_answered_while_the_first_resets_them() {
    check(Fault::ResetBeforeHead);
}

#[test]
fn every_request_is_answered_while_two_of_three_are_gone() {
    let rig = Rig::start(3, Pace::default(), &Value::Null);
    rig.route();
    rig.providers[0].suffer(Fault::Dark);
    rig.providers[1].suffer(Fault::ResetBeforeHead);
    let told = many(&rig, "broken");
    assert!(told.iter().all(|told| told.is_whole && told.provider.as_deref() == Some("c")));
    check_attempts(&rig, told.len());
}

#[test]
fn nothing_is_asked_twice_while_all_is_well() {
    let rig = Rig::start(3, Pace::default(), &Value::Null);
    rig.route();
    let told = many(&rig, "well");
    assert!(told.iter().all(|told| told.is_whole && told.attempts == 1));
    assert_eq!(rig.chats(), told.len());
}

#[test]
fn with_nobody_else_the_budget_bounds_the_attempts() {
    let rig = Rig::start(3, Pace::default(), &Value::Null);
    rig.route();
    for provider in &rig.providers {
        provider.suffer(Fault::ResetBeforeHead);
    }
    let told = many(&rig, "gone");
    assert!(told.iter().all(|told| [502, 503].contains(&told.status)), "{:?}", told[0]);
    check_attempts(&rig, told.len());
}
