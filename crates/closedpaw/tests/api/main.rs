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
    clippy::print_stdout,
    reason = "the tests start the program, read what the test command tells them and say what they skip"
)]

mod accounts;
mod admission_counts;
mod allowances;
mod authority;
mod base_urls;
mod breakers;
mod byte_lane;
mod capabilities;
mod changes;
mod chat;
mod chat_faults;
mod credentials;
mod declared;
mod door_words;
mod durability;
mod exchanges;
mod explained;
mod facts;
mod failover;
mod foretelling;
mod generations;
mod grants;
mod harness;
mod health;
mod latency;
mod model_names;
mod models;
mod original;
mod pages;
mod parameters;
mod provider_keys;
mod provider_members;
mod rate_limit;
mod real_model;
mod records;
mod registration;
mod reload;
mod revocation;
mod route_candidates;
mod route_strategies;
mod routes;
mod seals;
mod serving;
mod stream_faults;
mod streaming;
mod telemetry;
mod translation;
mod virtual_keys;
