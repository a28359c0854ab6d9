//! Virtual keys and projects: made, found by what was presented, rotated, revoked.

mod caller;
mod changes;
mod declared;
mod error;
mod holding;
mod key;
mod manager;
mod moment;
mod name;
mod record;
mod request;
mod snapshot;
mod view;

pub use caller::{Caller, CallerId};
pub use declared::{DeclaredKey, DeclaredKeyFault, DeclaredKeys};
pub use error::KeyError;
pub use manager::KeyManager;
pub use request::{NewKey, Project};
pub use view::{KeyView, LevelView, MadeKey, ProjectView, UsageView};

#[cfg(test)]
mod tests;
