//! What a key may do: scopes, patterns, and the rule that nobody passes on more than they hold.

mod grant;
mod pattern;
mod scope;

pub use grant::{Grant, NotHeld, Wanted};
pub use pattern::{Pattern, PatternError, any_covers, any_matches};
pub use scope::{Scope, Scopes};
