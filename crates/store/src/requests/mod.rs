//! What became of requests: rows for a while, sums for good.

mod insert;
mod query;
mod row;
mod sums;
mod usage;

pub use insert::Kept;
pub use query::{Cursor, RequestFilter, RequestPage};
pub use row::{AttemptRow, RequestRow};
pub use sums::Sums;
pub use usage::{UsageBy, UsageFilter, UsageRow};
