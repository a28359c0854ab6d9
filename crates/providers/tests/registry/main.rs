//! The registry over a real store and real sockets: rules, durability, model lists, health, keys and limits.
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
mod keys;
mod limits;
mod liveness;
mod models;
mod parked_keys;
mod rate_limit;
mod registration;
mod routes;
mod support;
mod timeouts;
