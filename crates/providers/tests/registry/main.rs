//! The registry over a real store and real sockets: rules, durability, model lists, health and the rate window.

mod changes;
mod durability;
mod health;
mod models;
mod rate_limit;
mod registration;
mod support;
