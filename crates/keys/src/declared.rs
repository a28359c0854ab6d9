//! Keys that the config file declares.

use vault::Secret;

use crate::NewKey;

/// A key that the config file declares.
#[derive(Debug)]
pub struct DeclaredKey {
    /// The key itself.
    pub text: Secret,
    /// What it may do.
    pub new: NewKey,
    /// Where in the config file it stands, as `FILE:LINE`.
    pub declared_at: String,
}
