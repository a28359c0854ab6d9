//! One local, zero-trust door to every language model: the program.

mod cli;
mod failure;
mod instance;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
