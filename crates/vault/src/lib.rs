//! Seals and opens secrets; makes and verifies keys.
//!
//! Two files in the keys directory hold all that must stay secret: [`MasterKey`] seals what the data directory
//! keeps, [`AdminKey`] is what an administrator presents. Of a [`VirtualKey`] only a [`KeyDigest`] is kept. Every key and nonce comes from the operating system's
//! random source, every algorithm from aws-lc-rs.

mod admin_key;
mod key_file;
mod master_key;
pub mod private_file;
mod sealing;
mod secret;
mod virtual_key;

pub use admin_key::{AdminKey, AdminKeyTextError};
pub use key_file::KeyFileError;
pub use master_key::{IfMissing, KeyId, MasterKey};
pub use private_file::PrivateFileError;
pub use sealing::{Context, OpenError};
pub use secret::Secret;
pub use virtual_key::{KeyDigest, NoVirtualKey, VirtualKey};

/// The operating system gave no random bytes, so no key or nonce could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes: try again")]
pub struct NoRandomness;

impl From<aws_lc_rs::error::Unspecified> for NoRandomness {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}
