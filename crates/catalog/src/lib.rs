//! What is publicly known of models: limits, abilities, prices. A file of facts, and how to find a model in it.
//!
//! The facts that come with the program are in `models.json`; its head says of which day they are and where
//! they come from. An operator's file of the same form goes before it.

mod catalog;
mod entry;
mod facts;
mod lookup;
mod vendor;

pub use catalog::{Catalog, CatalogError};
pub use facts::Facts;
pub use vendor::Vendor;
