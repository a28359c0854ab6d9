//! The program while providers, callers and the clock misbehave: what must hold is counted.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the tests start the program, read what the test command tells them and say what they skip"
)]

mod before_the_head;
mod broken_streams;
mod changes;
mod clocks;
mod failing;
#[path = "../api/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests of the API use the rest of it")]
mod harness;
mod limited;
mod overload;
mod rig;
mod slow_clients;
mod stalls;
mod stopping;
mod truncated;
