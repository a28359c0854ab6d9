//! What one request after the other is told.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use limits::{Level, Limits, Measure, Meter, Shortage, admit, least_left};

use crate::{limits, meter};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

fn remaining(meter: &Meter, now: Instant) -> (Option<u64>, Option<u64>, u32) {
    let reading = meter.read(now);
    let left = |level: Option<Level>| level.map(|level| level.remaining);
    (left(reading.requests), left(reading.tokens), reading.in_flight)
}

#[test]
fn the_longest_wait_is_told() {
    let now = Instant::now();
    let (key, project) = (meter(1, 0, 1), meter(0, 100, 0));
    let _running = admit(&[Arc::clone(&key)], 0, now).unwrap();
    drop(admit(&[Arc::clone(&project)], 90, now + SECOND).unwrap());
    let later = now + 2 * SECOND;
    let both = [Arc::clone(&key), Arc::clone(&project)];
    let short = |meter, of, limit, wait| Some(Shortage { meter, of, limit, wait });
    for (meters, tokens, expected) in [
        (&both[..1], 10, short(0, Measure::Requests, 1, Some(58 * SECOND))),
        (&both[..], 10, short(0, Measure::Requests, 1, Some(58 * SECOND))),
        (&both[..], 11, short(1, Measure::Tokens, 100, Some(59 * SECOND))),
        (&both[..], 101, short(1, Measure::Tokens, 100, None)),
        (&both[1..], 10, None),
        (&[][..], 10, None),
    ] {
        assert_eq!(admit(meters, tokens, later).map(|_| ()).err(), expected, "{tokens} tokens");
    }
    let free = admit(&[key], 0, now + MINUTE).unwrap_err();
    assert_eq!((free.of, free.wait), (Measure::Concurrency, Some(SECOND)));
}

#[test]
fn a_refused_request_is_counted_nowhere() {
    let now = Instant::now();
    let (wide, narrow) = (meter(10, 100, 10), meter(1, 0, 0));
    let meters = [Arc::clone(&wide), Arc::clone(&narrow)];
    let _running = admit(&meters, 7, now).unwrap();
    for _ in 0..20 {
        assert_eq!(admit(&meters, 7, now).unwrap_err().meter, 1);
    }
    assert_eq!(remaining(&wide, now), (Some(9), Some(93), 1));
}

#[test]
fn what_was_used_at_least_lowers_no_estimate() {
    let now = Instant::now();
    let meter = meter(0, 100, 0);
    let request = admit(&[Arc::clone(&meter)], 40, now).unwrap();
    for (tokens, left) in [(10, 60), (70, 30), (69, 30)] {
        request.raise(tokens);
        assert_eq!(remaining(&meter, now).1, Some(left), "{tokens}");
    }
    request.correct(10);
    assert_eq!(remaining(&meter, now).1, Some(90));
}

#[test]
fn a_meter_that_is_listed_twice_counts_once() {
    let now = Instant::now();
    let meter = meter(2, 10, 2);
    let twice = [Arc::clone(&meter), Arc::clone(&meter)];
    let first = admit(&twice, 4, now).unwrap();
    assert_eq!(remaining(&meter, now), (Some(1), Some(6), 1));
    first.correct(1);
    assert_eq!(remaining(&meter, now), (Some(1), Some(9), 1));
    let _second = admit(&twice, 4, now).unwrap();
    assert_eq!(admit(&twice, 4, now).unwrap_err().meter, 0);
    first.retract();
    assert_eq!(remaining(&meter, now), (Some(1), Some(6), 1));
}

#[test]
fn the_truth_counts_from_when_the_request_came() {
    let start = Instant::now();
    let meter = meter(0, 100, 0);
    let meters = [Arc::clone(&meter)];
    let first = admit(&meters, 10, start).unwrap();
    let second = admit(&meters, 10, start + 30 * SECOND).unwrap();
    first.correct(500);
    assert_eq!(remaining(&meter, start + 31 * SECOND).1, Some(0));
    let shortage = admit(&meters, 5, start + 31 * SECOND).unwrap_err();
    assert_eq!(shortage.wait, Some(29 * SECOND));
    first.correct(20);
    second.correct(0);
    assert_eq!(remaining(&meter, start + 31 * SECOND).1, Some(80));
    second.correct(u64::MAX);
    second.correct(30);
    assert_eq!(remaining(&meter, start + 31 * SECOND).1, Some(50));
    let level = Level { limit: 100, remaining: 70, reset: 30 * SECOND };
    assert_eq!(meter.read(start + MINUTE).tokens, Some(level));
    first.correct(1_000_000);
    assert_eq!(remaining(&meter, start + MINUTE).1, Some(70));
    second.retract();
    let full = Level { limit: 100, remaining: 100, reset: Duration::ZERO };
    assert_eq!(meter.read(start + MINUTE).tokens, Some(full));
}

#[test]
fn new_limits_keep_what_was_counted() {
    let now = Instant::now();
    let meter = meter(10, 100, 0);
    let meters = [Arc::clone(&meter)];
    let running = admit(&meters, 60, now).unwrap();
    for _ in 0..4 {
        drop(admit(&meters, 0, now).unwrap());
    }
    for (new, expected) in [
        (limits(5, 60, 0), (Some(0), Some(0), 1)),
        (limits(6, 200, 1), (Some(1), Some(140), 1)),
        (limits(6, 0, 0), (Some(1), None, 1)),
        (limits(6, 50, 0), (Some(1), Some(50), 1)),
    ] {
        meter.set_limits(new);
        assert_eq!(meter.limits(), new);
        assert_eq!(remaining(&meter, now), expected, "{new:?}");
    }
    let _later = admit(&meters, 20, now).unwrap();
    running.correct(40);
    assert_eq!(remaining(&meter, now), (Some(0), Some(30), 2));
}

#[test]
fn the_least_that_is_left_is_told() {
    let now = Instant::now();
    let (key, project, nobody) = (meter(5, 0, 0), meter(4, 100, 0), meter(0, 0, 1));
    drop(admit(&[Arc::clone(&key)], 0, now).unwrap());
    drop(admit(&[Arc::clone(&project)], 30, now + SECOND).unwrap());
    let later = now + 2 * SECOND;
    let level = |limit, remaining, reset| Some(Level { limit, remaining, reset });
    let both = [key, project, nobody];
    let tokens = level(100, 70, 59 * SECOND);
    for (meters, expected) in [
        (&both[..], (level(4, 3, 59 * SECOND), tokens)),
        (&both[..1], (level(5, 4, 58 * SECOND), None)),
        (&both[2..], (None, None)),
    ] {
        assert_eq!(least_left(meters, later), expected);
    }
}

#[test]
fn requests_that_run_are_known_before_they_are_limited() {
    let now = Instant::now();
    let meter = meter(0, 0, 0);
    let meters = [Arc::clone(&meter)];
    let running: Vec<_> = (0..3).map(|_| admit(&meters, 1, now).unwrap()).collect();
    meter.set_limits(limits(0, 0, 3));
    assert_eq!(admit(&meters, 1, now).unwrap_err().of, Measure::Concurrency);
    drop(running);
    assert!(admit(&meters, 1, now).is_ok());
    assert_eq!(remaining(&meter, now), (None, None, 0));
}

#[test]
fn limits_of_zero_admit_nothing_and_promise_nothing() {
    let now = Instant::now();
    for (limits, of) in [
        (Limits { requests_per_minute: Some(0), ..Limits::default() }, Measure::Requests),
        (Limits { tokens_per_minute: Some(0), ..Limits::default() }, Measure::Tokens),
        (Limits { concurrency: Some(0), ..Limits::default() }, Measure::Concurrency),
    ] {
        let shortage = admit(&[Arc::new(Meter::new(limits))], 1, now).unwrap_err();
        assert_eq!((shortage.of, shortage.limit, shortage.wait), (of, 0, None));
    }
}

#[test]
fn twenty_thousand_lawful_requests_are_all_let_in() {
    let start = Instant::now();
    // As fast as the limit allows: `limit` at once, then each a minute after the one that came `limit` before it.
    for limit in [37, 600, 5_000] {
        let meter = meter(limit, u64::from(limit) * 7, 0);
        let meters = [Arc::clone(&meter)];
        for round in 0..20_000 / limit {
            for place in 0..limit {
                let now = start + MINUTE * round + MINUTE * place / limit;
                assert!(admit(&meters, 7, now).is_ok(), "{place} of round {round}");
            }
        }
    }
}
