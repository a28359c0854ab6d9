//! A wall clock that jumps: limits and deadlines run on, and nothing panics.
//!
//! libfaketime moves the clock of the running program; the test command says where it lies by
//! `CLOSEDPAW_TEST_FAKETIME`, or why there is none by `CLOSEDPAW_TEST_NO_FAKETIME`.

use std::{
    env,
    ffi::OsStr,
    fs::{self, OpenOptions},
    io::Write as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use testkit::faulty::{Fault, Pace};

use crate::{
    harness::Home,
    rig::{ROUTE, Rig},
};

/// Where the clock jumps to, one after another, as libfaketime spells it.
const JUMPS: [&str; 9] =
    ["+2y", "-1y", "+3600", "-3600", "+0 x100", "+0", "-7200", "+180d", "@2029-03-25 01:59:58"];

/// A gateway whose wall clock stands in a file.
struct Clock {
    file: PathBuf,
}

impl Clock {
    /// Starts one over so many providers; `None` where the library is missing, which is said.
    fn start(test: &str, count: usize, more: &Value) -> Option<(Self, Rig)> {
        let Some(library) = env::var_os("CLOSEDPAW_TEST_FAKETIME") else {
            let reason = env::var("CLOSEDPAW_TEST_NO_FAKETIME");
            skip(test, &reason.unwrap_or_else(|_| "the test command offers no libfaketime".into()));
            return None;
        };
        let home = Home::new();
        let clock = Self { file: home.path("clock") };
        clock.jump("+0");
        let environment: [(&str, &OsStr); 5] = [
            ("LD_PRELOAD", &library),
            ("FAKETIME_TIMESTAMP_FILE", clock.file.as_os_str()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".as_ref()),
            ("FAKETIME_NO_CACHE", "1".as_ref()),
            ("FAKETIME_DONT_RESET", "1".as_ref()),
        ];
        let gateway = home.serve_under(&environment, &["--listen", "127.0.0.1:0"]);
        let rig = Rig::over(home, gateway, count, Pace::default(), more);
        Some((clock, rig))
    }

    fn jump(&self, to: &str) {
        // A reader sees the old time or the new one, never half of it.
        let new = self.file.with_extension("new");
        fs::write(&new, format!("{to}\n")).expect("a clock");
        fs::rename(new, &self.file).expect("a clock");
    }
}

/// Has the test counted as skipped.
fn skip(test: &str, reason: &str) {
    if let Some(path) = env::var_os("CLOSEDPAW_SKIP_LOG") {
        let log = OpenOptions::new().append(true).create(true).open(path);
        writeln!(log.expect("the log of skipped tests"), "{test}: {reason}").expect("a line in it");
    }
}

fn check_log(rig: &Rig) {
    let log = rig.home.logs();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn the_clock_does_jump() {
    let Some((clock, rig)) = Clock::start("clocks::the_clock_does_jump", 1, &Value::Null) else {
        return;
    };
    clock.jump("@2029-03-25 01:59:58");
    rig.gateway.ask("POST", "/api/providers/a/test").send().expect(200);
    let health = rig.gateway.get("/api/providers/a/health").expect(200);
    let checked_at = health["checked_at"].to_string();
    assert!(checked_at.contains("2029"), "{health}");
}

#[test]
fn a_rate_limit_counts_real_time() {
    let more = json!({ "rate_limit": 5 });
    let test = "clocks::a_rate_limit_counts_real_time";
    let Some((clock, rig)) = Clock::start(test, 1, &more) else { return };
    let began = Instant::now();
    for number in 0..5 {
        assert!(rig.chat(&format!("x{number}"), "a/alpha", true).is_whole);
    }
    for jump in JUMPS {
        clock.jump(jump);
        let told = rig.chat("more", "a/alpha", true);
        assert_eq!(told.status, 429, "{jump}: {told:?}");
        let retry_after = told.retry_after.expect("a time to come again");
        let left = 60 - began.elapsed().as_secs();
        assert!(retry_after.abs_diff(left) <= 2, "{jump}: {retry_after} instead of {left}");
    }
    assert_eq!(rig.providers[0].chats(), 5);
    check_log(&rig);
}

#[test]
fn deadlines_count_real_time() {
    let more = json!({ "timeout": 1.5 });
    let test = "clocks::deadlines_count_real_time";
    let Some((clock, rig)) = Clock::start(test, 1, &more) else { return };
    rig.providers[0].suffer(Fault::stall(5, 0));
    for jump in ["+2y", "-1y", "+0 x100"] {
        // A provider of its own for each, so that no stall is held against the next.
        rig.gateway.delete("a").expect(200);
        let mut body = crate::rig::registration("a", &rig.providers[0]);
        body["timeout"] = json!(1.5);
        rig.gateway.register(&body);
        let asked = Instant::now();
        let live = rig.ask("stalled", "a/alpha", true).open();
        assert_eq!(live.status, 200);
        clock.jump(jump);
        let told = crate::rig::openai().told(&live.whole().text());
        let took = asked.elapsed();
        assert!(!told.ended && told.error.is_some());
        assert!(took >= Duration::from_millis(1400), "{jump}: after {took:?}");
        assert!(took < Duration::from_millis(3500), "{jump}: after {took:?}");
    }
    check_log(&rig);
}

#[test]
fn every_jump_leaves_answers_as_they_are() {
    let test = "clocks::every_jump_leaves_answers_as_they_are";
    let Some((clock, rig)) = Clock::start(test, 1, &Value::Null) else { return };
    for jump in JUMPS {
        clock.jump(jump);
        for stream in [false, true] {
            let told = rig.chat("x", "a/alpha", stream);
            assert!(told.is_whole && told.attempts == 1, "{jump}: {told:?}");
        }
        rig.gateway.get("/api/providers").expect(200);
        rig.gateway.get("/api/providers/health").expect(200);
    }
    check_log(&rig);
}

#[test]
fn breakers_and_parked_keys_count_real_time() {
    let test = "clocks::breakers_and_parked_keys_count_real_time";
    let Some((clock, rig)) = Clock::start(test, 2, &Value::Null) else { return };
    rig.route();
    rig.providers[0].suffer(Fault::limited("3600"));
    assert_eq!(rig.chat("first", ROUTE, false).provider.as_deref(), Some("b"));
    for jump in JUMPS {
        clock.jump(jump);
        let told = rig.chat(jump, ROUTE, true);
        assert!(told.is_whole && told.provider.as_deref() == Some("b"), "{jump}: {told:?}");
    }
    assert_eq!(rig.providers[0].chats(), 1, "no jump frees it");
    check_log(&rig);
}

#[test]
fn the_log_of_requests_stays_in_order() {
    let test = "clocks::the_log_of_requests_stays_in_order";
    let Some((clock, rig)) = Clock::start(test, 1, &Value::Null) else { return };
    for (number, jump) in JUMPS.into_iter().enumerate() {
        clock.jump(jump);
        assert!(rig.chat(&number.to_string(), "a/alpha", true).is_whole);
    }
    clock.jump("+0");
    let mut gateway = rig.gateway;
    gateway.terminate();
    assert_eq!(gateway.exit_code(), Some(0));
    // What was written under every clock is read again.
    drop(rig.home.serve());
}
