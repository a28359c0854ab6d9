//! Dials out: the address guard, the connector and one attempt to one provider.
//!
//! No other crate opens an outbound socket. What is checked is the address that is connected to, at every
//! connection, and not only the string it was written as:
//!
//! 1. [`parse_base_url`] refuses what the string already shows, when a provider is registered;
//! 2. a name is resolved once per connection, and every answer must be of the provider's [`Network`];
//! 3. only an address that passed is dialled, and the peer must be that address;
//! 4. TLS is verified for the host of the base URL before any header is sent.
//!
//! A [`Client`] makes one attempt per call. It follows no redirect, reads no proxy variable, asks for no
//! compression, and sends a request again only if nothing of it had left.

mod address;
mod base_url;
mod client;
mod connector;
mod deadlines;
mod egress;
mod fault;
mod guard;
mod informational;
mod network;
mod pinned;
mod reply;
mod resolver;
mod stream;
mod watched;

pub use base_url::{BaseUrl, BaseUrlError, InvalidTarget, parse_base_url};
pub use client::{Call, Client};
pub use deadlines::Deadlines;
pub use egress::Egress;
pub use network::Network;
pub use reply::{Reply, ReplyBody};
