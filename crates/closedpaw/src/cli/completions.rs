//! `closedpaw completions`: a completion script for a shell.

use std::io::Write as _;

use clap::{Args, Command};
use clap_complete::Shell;

use crate::failure::Failure;

/// Prints a completion script for a shell
#[derive(Args)]
#[command(after_help = "Example:
  closedpaw completions bash > ~/.local/share/bash-completion/completions/closedpaw")]
pub struct Options {
    /// The shell to complete for
    shell: Shell,
}

/// Prints the script.
pub fn run(options: &Options, command: &mut Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, command, "closedpaw", &mut script);
    Ok(std::io::stdout().lock().write_all(&script)?)
}
