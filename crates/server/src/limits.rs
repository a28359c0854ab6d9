//! How long and how large things may get at the door.

use std::time::Duration;

/// The door's limits. The defaults suit a gateway on 20,000 file descriptors.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections held at once over all listeners; further ones wait in the kernel's queue. 8192.
    pub connections: usize,
    /// From accepting a connection to the end of its TLS handshake. 10 s.
    pub handshake: Duration,
    /// From an open connection to its first byte. 10 s.
    pub first_byte: Duration,
    /// From a request's first byte to the end of its headers. 10 s.
    pub head: Duration,
    /// From an answer to the first byte of the next request. 75 s.
    pub idle: Duration,
    /// The longest pause within a request's body, and the time before its rate counts. 30 s.
    pub body_idle: Duration,
    /// The least average rate at which a request's body must come, after `body_idle`. 100 B/s.
    pub body_bytes_per_s: u32,
    /// The longest time in which a client takes not one byte of its answer. 60 s.
    pub write_stall: Duration,
    /// How long a closing connection listens on, so that the client can read why. 2 s.
    pub linger: Duration,
    /// From the signal to stop until the answers still running are cut off. 30 s.
    pub drain: Duration,
    /// Request line and headers together. 64 KiB.
    pub head_bytes: usize,
    /// Header lines of a request. 100.
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            handshake: Duration::from_secs(10),
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body_idle: Duration::from_secs(30),
            body_bytes_per_s: 100,
            write_stall: Duration::from_secs(60),
            linger: Duration::from_secs(2),
            drain: Duration::from_secs(30),
            head_bytes: 64 * 1024,
            headers: 100,
        }
    }
}
