//! The program from outside: the real binary, real sockets, scripted providers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the tests start the program and read what the test command tells them"
)]

mod changes;
mod chat;
mod credentials;
mod durability;
mod exchanges;
mod harness;
mod health;
mod models;
mod original;
mod pages;
mod parameters;
mod rate_limit;
mod real_model;
mod registration;
mod serving;
mod streaming;
