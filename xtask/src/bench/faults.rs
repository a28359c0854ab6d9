//! What callers notice while a provider, the clock or the callers themselves misbehave.
//!
//! Three scripted providers stand behind one route with equal weights. Callers come at a steady rate, whether or not
//! others were answered; the fault is on the first provider alone. Every row has a gateway of its own. Figures stand
//! beside what they should be, and fail nothing: what must hold is counted in the tests of the program.

mod caller;
mod clock;
mod life;
mod limited;
mod load;
mod overload;
mod stage;
mod streams;
mod table;
mod upstream;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;

use crate::interrupt;
use crate::workspace::{self, Profile};
use stage::{Baseline, Plan};
use table::Row;

#[derive(Args)]
pub struct Faults {
    /// Only these rows, such as R2 R5; all of them when none is named
    rows: Vec<String>,
    /// Requests each second
    #[arg(long, default_value_t = 200)]
    rps: u32,
    /// How many of a hundred requests are streams
    #[arg(long, default_value_t = 70, value_parser = clap::value_parser!(u32).range(0..=100))]
    streams: u32,
    /// How long a fault lasts, in seconds
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// How long a stream of 40 frames takes, in milliseconds
    #[arg(long, default_value_t = 2000)]
    stream_ms: u64,
    /// Clients that send slowly
    #[arg(long, default_value_t = 2000)]
    slow_clients: usize,
    /// The program to measure; a release build when none is named
    #[arg(long)]
    program: Option<PathBuf>,
}

/// A row's number, and what measures it.
type Measurement = (&'static str, fn(&Plan, &Baseline) -> Result<Row>);

const ROWS: [Measurement; 11] = [
    ("R1", streams::reset),
    ("R2", upstream::refused),
    ("R3", streams::truncated),
    ("R4", upstream::stalled),
    ("R5", limited::limited),
    ("R6", upstream::flapping),
    ("R16", clock::jumping),
    ("R17", overload::slow_clients),
    ("R20", overload::burst),
    ("R22", life::stopping),
    ("R24", life::changing),
];

pub fn run(options: &Faults) -> Result<()> {
    for name in &options.rows {
        let known = ROWS.map(|(row, _)| row);
        ensure!(
            known.contains(&name.as_str()),
            "there is no row {name}: known are {}",
            known.join(", ")
        );
    }
    let program = match &options.program {
        Some(program) => program.canonicalize()?,
        None => workspace::build(Profile::Release)?,
    };
    let plan = Plan {
        program,
        rps: options.rps,
        streams_percent: options.streams,
        fault: Duration::from_secs(options.seconds),
        stream: Duration::from_millis(options.stream_ms),
        slow_clients: options.slow_clients,
    };
    println!(
        "repeat with: cargo xtask bench faults --rps {} --streams {} --seconds {} --stream-ms {} --slow-clients {}",
        options.rps, options.streams, options.seconds, options.stream_ms, options.slow_clients
    );
    let (baseline, row) = stage::baseline(&plan)?;
    print!("{row}");
    for (name, measure) in ROWS {
        interrupt::check()?;
        if options.rows.is_empty() || options.rows.iter().any(|row| row == name) {
            match measure(&plan, &baseline) {
                Ok(row) => print!("{row}"),
                Err(signal) if signal.is::<interrupt::Interrupted>() => return Err(signal),
                // One that can't be measured says so, and the others are measured all the same.
                Err(error) => print!("{}", Row::failed(name, &error)),
            }
        }
    }
    Ok(())
}
