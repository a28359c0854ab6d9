//! The front door: listeners, strict HTTP/1.1, Host checks, the route table, keys and scopes, the one log line.
//!
//! A connection's bytes pass, in this order:
//!
//! 1. `connection`: the TLS handshake;
//! 2. `strict_stream`: deadlines, and `framing` (with `head` and `chunks`): one reading of the bytes;
//! 3. hyper: HTTP/1.1;
//! 4. `front`: Host (`hosts`), then the asking page (`page`);
//! 5. `router`: the route; the key (`credential`) and the route's scope, before anything is said about the path; then
//!    the handler.
//!
//! Whatever refuses a request says so with one `Refusal`, answered like everything else.

mod accept;
mod call;
mod chunks;
mod connection;
mod credential;
mod deadline;
mod door;
mod exchange;
mod framing;
mod front;
mod head;
mod host_name;
mod hosts;
mod limits;
mod log_line;
mod log_slot;
mod paced_body;
mod page;
mod path;
mod record;
mod refusal;
mod request_id;
pub mod response;
mod route;
mod router;
mod strict_stream;
mod tls;

pub use accept::asks_for_json;
pub use call::{BodyError, Call};
pub use credential::Authenticate;
pub use door::{BindError, Door, Drained, Listen, Settings};
pub use host_name::{HostName, HostNameError};
pub use hosts::Hosts;
pub use limits::Limits;
pub use log_slot::LogSlot;
pub use request_id::RequestId;
pub use response::{Body, BodyFailure, Response};
pub use route::{Access, Answering, Handler, Route};
pub use router::{RouteError, Router, Wording};
pub use tls::{ReadAgain, Tls, TlsError};

use door::Scheme;
