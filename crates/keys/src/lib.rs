//! Virtual keys and projects: made, found by what was presented, rotated, revoked.

mod caller;
mod declared;
mod error;
mod manager;
mod request;
mod view;

pub use caller::{Caller, CallerId};
pub use declared::DeclaredKey;
pub use error::KeyError;
pub use manager::KeyManager;
pub use request::{NewKey, Project};
pub use view::{KeyView, MadeKey, ProjectView};
