//! Measures the program and says how to repeat the measurement.

mod faults;
mod start;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Benchmark {
    /// Time to the `listening` line, idle memory, size, and build time
    Start(start::Start),
    /// What callers notice while a provider, the clock or the callers themselves misbehave
    Faults(faults::Faults),
}

pub fn run(benchmark: &Benchmark) -> Result<ExitCode> {
    match benchmark {
        Benchmark::Start(options) => start::run(options)?,
        Benchmark::Faults(options) => faults::run(options)?,
    }
    Ok(ExitCode::SUCCESS)
}
