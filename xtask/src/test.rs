//! Checks everything, step after step, and sums up.

mod agents;
mod cases;
mod dependencies;
mod failover;
mod suite;
mod tally;

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Result;

use crate::{conformance, docs, interrupt, process, tidy, workspace};
use tally::{Report, Tally};

type Step = (&'static str, fn() -> Result<Tally>);

/// The quick ones first. All go on after a failure, so that one run tells everything.
const STEPS: [Step; 11] = [
    ("format", format),
    ("tidy", tidiness),
    ("dependencies", dependencies::policy),
    ("advisories", dependencies::advisories),
    ("lints", lints),
    ("documentation", documentation),
    ("tests", suite::run),
    ("agents", agents::run),
    ("reference documents", reference),
    ("conformance", sdks),
    ("failover", failover::run),
];

pub fn run() -> Result<ExitCode> {
    let mut report = Report::default();
    for (name, step) in STEPS {
        println!("\n=== {name}");
        let started = Instant::now();
        let tally = match step() {
            Ok(tally) => tally,
            Err(signal) if signal.is::<interrupt::Interrupted>() => return Err(signal),
            Err(error) => {
                println!("error: {error:#}");
                Tally::failure()
            }
        };
        report.add(name, tally, started.elapsed());
    }
    print!("\n{report}");
    Ok(ExitCode::from(u8::from(report.failed())))
}

fn format() -> Result<Tally> {
    one(workspace::cargo().args(["fmt", "--all", "--check"]))
}

fn tidiness() -> Result<Tally> {
    let findings = tidy::findings()?;
    findings.iter().for_each(|finding| println!("{finding}"));
    Ok(Tally::one(findings.is_empty()))
}

fn lints() -> Result<Tally> {
    one(workspace::cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))
}

fn documentation() -> Result<Tally> {
    one(workspace::cargo()
        .args(["doc", "--workspace", "--no-deps", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings"))
}

/// Comes after the tests, since they have built the program in the way that is used here.
fn reference() -> Result<Tally> {
    let program = workspace::compile(suite::cargo_test().arg("--no-run"))?;
    let stale = docs::stale(&program)?;
    stale.iter().for_each(|document| println!("{document} is stale: run `cargo xtask docs`"));
    Ok(Tally::one(stale.is_empty()))
}

/// Comes after the tests as well.
fn sdks() -> Result<Tally> {
    let program = workspace::compile(suite::cargo_test().arg("--no-run"))?;
    let conformance::Verdicts { good, bad, skipped } = conformance::check(&program)?;
    Ok(Tally { passed: good, failed: bad, skipped })
}

/// A step that is one command.
fn one(command: &mut Command) -> Result<Tally> {
    Ok(Tally::one(process::succeeds(command)?))
}
