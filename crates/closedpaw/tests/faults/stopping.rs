//! A gateway that is told to stop: what fits into the wait comes to its end, and nothing else begins.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use serde_json::Value;
use testkit::faulty::{Fault, Pace, Speech};

use crate::{
    harness::{Live, eventually},
    rig::{FRAMES, Rig, openai},
};

const STREAMS: usize = 50;

/// Opens streams of the first provider, each of which has begun.
fn open(rig: &Rig, model: &str, count: usize) -> Vec<Live> {
    let open = |_| openai().ask(&rig.gateway, model, true).open();
    let live: Vec<_> = (0..count).map(open).collect();
    assert!(live.iter().all(|live| live.status == 200));
    live
}

#[test]
fn streams_that_fit_finish_to_the_byte_and_nothing_new_begins() {
    let stream = Duration::from_secs(2);
    let pace = Pace { think: Duration::ZERO, stream };
    let mut rig = Rig::start(1, pace, &Value::Null);
    let live = open(&rig, "a/alpha", STREAMS);
    let told = Instant::now();
    rig.gateway.terminate();
    eventually("the listener is closed", || TcpListener::bind(rig.gateway.address()).is_ok());
    let closed = told.elapsed();
    println!("nothing new begins after {closed:?}");
    assert!(rig.ask("late", "a/alpha", true).try_open().is_err());
    let speech = Speech::openai(FRAMES);
    let whole = [speech.up_to(FRAMES, 0), speech.end].concat();
    let bodies: Vec<_> = live.into_iter().map(Live::whole).collect();
    for body in &bodies {
        assert!(body.is_complete && body.body == whole, "{}", body.text());
    }
    assert_eq!(rig.gateway.exit_code(), Some(0));
    assert!(told.elapsed() < stream + Duration::from_secs(10), "it waits for nothing else");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut rig = Rig::start(1, Pace::default(), &Value::Null);
    rig.providers[0].suffer(Fault::stall(5, 0));
    let live = open(&rig, "a/alpha", STREAMS);
    rig.gateway.terminate();
    eventually("the listener is closed", || TcpListener::bind(rig.gateway.address()).is_ok());
    assert!(!rig.gateway.has_ended(), "the first one waits");
    rig.gateway.terminate();
    let again = Instant::now();
    assert_eq!(rig.gateway.exit_code(), Some(130));
    let took = again.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    println!("gone {took:?} after the second signal");
    for live in live {
        let cut = live.whole();
        assert!(!cut.text().contains("[DONE]"), "{}", cut.text());
    }
    // What it kept is there at the next start.
    let again = rig.home.serve();
    assert!(again.names().contains(&"a".to_owned()));
}
