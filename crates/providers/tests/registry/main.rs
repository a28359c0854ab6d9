//! The registry over a real store and real sockets: rules, durability, model lists, health and the rate window.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod changes;
mod declared;
mod durability;
mod health;
mod models;
mod rate_limit;
mod registration;
mod routes;
mod support;
