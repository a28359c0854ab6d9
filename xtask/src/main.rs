//! Runs the repository's chores: `cargo xtask demo`, `test`, `conformance`, `tidy`, `docs` and `bench`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a chore talks to a terminal, starts programs and reads its environment"
)]

mod bench;
mod conformance;
mod demo;
mod docs;
mod faketime;
mod gateway;
mod http;
mod interrupt;
mod llama;
mod process;
mod python;
mod test;
mod tidy;
mod wheel;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The repository's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run the gateway on a real model and show it at work
    Demo(demo::Options),
    /// Check everything: format, lints, documents, dependencies, tests
    Test,
    /// Run the official SDKs against the gateway, with scripted providers behind it
    Conformance(conformance::Options),
    /// Check what no other tool checks: layers, wording, file sizes
    Tidy,
    /// Write the reference documents that the program prints about itself
    Docs(docs::Options),
    /// Measure the program
    #[command(subcommand)]
    Bench(bench::Benchmark),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = interrupt::watch().and_then(|()| match arguments.chore {
        Chore::Demo(options) => demo::run(&options),
        Chore::Test => test::run(),
        Chore::Conformance(options) => conformance::run(&options),
        Chore::Tidy => tidy::run(),
        Chore::Docs(options) => docs::run(&options),
        Chore::Bench(benchmark) => bench::run(&benchmark),
    });
    match outcome {
        Ok(code) => code,
        // Whatever failed after a signal failed because of it.
        Err(_) if interrupt::check().is_err() => ExitCode::from(130),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
