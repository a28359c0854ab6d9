//! A seeded simulation: many requests over candidates that fail in every way, on a clock that isn't real. It drives the
//! very runs, states, rings and budget that requests go through, and holds them to what they promise.
//!
//! `ROUTING_SEED=123 cargo test -p routing --test simulation` replays one seed; a failure names its seed.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it saw"
)]

mod gateway;
mod key_oracle;
mod model_oracle;
mod random;
mod request;
mod script;
mod tally;

use std::{
    panic::{self, AssertUnwindSafe},
    thread,
    time::Instant,
};

use gateway::Gateway;
use tally::Tally;

const SEEDS: u64 = 2_000;

#[test]
fn every_seed_keeps_what_is_promised() {
    #[expect(clippy::disallowed_methods, reason = "which seed is replayed is said from outside")]
    let seed = std::env::var("ROUTING_SEED").ok();
    if let Some(seed) = seed {
        println!("{:#?}", simulate(seed.parse().expect("a number")));
        return;
    }
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let tally = thread::scope(|scope| {
        let share = |first| {
            let seeds = (first..SEEDS).step_by(threads as usize);
            move || seeds.map(simulate).fold(Tally::default(), Tally::plus)
        };
        let workers = (0..threads).map(|first| scope.spawn(share(first))).collect::<Vec<_>>();
        let tallies = workers.into_iter().map(|worker| worker.join().expect("no seed fails"));
        tallies.fold(Tally::default(), Tally::plus)
    });
    println!("{SEEDS} seeds: {tally:#?}");
    tally.must_have_seen_everything();
}

/// Runs one seed, and names it if it fails.
fn simulate(seed: u64) -> Tally {
    let run = || Gateway::new(seed, Instant::now()).run();
    match panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(tally) => tally,
        Err(failure) => {
            eprintln!(
                "seed {seed} fails: ROUTING_SEED={seed} cargo test -p routing --test simulation"
            );
            panic::resume_unwind(failure)
        }
    }
}

/// The same seed makes the same history.
#[test]
fn a_seed_is_replayed_exactly() {
    for seed in 0..20 {
        assert_eq!(simulate(seed), simulate(seed));
    }
}
