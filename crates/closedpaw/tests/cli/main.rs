//! The program as its users meet it: started as a process, on directories of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may panic, in its helpers too, and has to start the program that it tests"
)]

mod alone;
mod chat;
mod discover;
mod doctor;
mod explain;
mod keys;
mod program;
mod providers;
mod requests;
mod routes;
mod serve;
mod setup;
