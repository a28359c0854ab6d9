//! Chats over real sockets with scripted providers: from a name to a settled answer, and every way that fails.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod accounts;
mod deadlines;
mod faults;
mod lifetime;
mod proof;
mod resolve;
mod streams;
mod support;
mod types;
mod vectors;
