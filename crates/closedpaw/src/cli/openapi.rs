//! `closedpaw openapi`: the management API's description, for the documentation build.

use clap::Args;

use crate::{cli::screen::print_json, failure::Failure};

/// Prints the management API as OpenAPI JSON
#[derive(Args)]
#[command(after_help = "Example:\n  closedpaw openapi > openapi.json")]
pub struct Options {}

/// Prints the description.
pub fn run() -> Result<(), Failure> {
    print_json(&admin::openapi())
}
