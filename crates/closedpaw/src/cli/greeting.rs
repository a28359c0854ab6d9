//! What `closedpaw` alone says: where to go next.

use crate::{cli::screen::print_line, failure::Failure};

const GREETING: &str = "\
ClosedPaw: one local, zero-trust door to every language model.

  closedpaw serve                                    start the gateway
  closedpaw init                                     register what this machine has
  closedpaw doctor                                   check this machine, and what to do
  closedpaw providers add --type openai --name work  add a provider; asks for its key
  closedpaw chat \"Hello\"                             talk to the default model
  closedpaw --help                                   everything else";

/// Prints the greeting.
pub fn show() -> Result<(), Failure> {
    print_line(GREETING)
}
