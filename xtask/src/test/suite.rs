//! Runs `cargo test` with a real model at hand, and counts.
//!
//! A test that cannot run on this machine returns early, having appended the line `NAME: REASON` to the file that
//! `CLOSEDPAW_SKIP_LOG` names; it is then counted as skipped although Cargo calls it `ok`. A test finds the real
//! model through `CLOSEDPAW_TEST_LLAMA_SERVER`, `CLOSEDPAW_TEST_LLAMA_LIBS` (the server's `LD_LIBRARY_PATH`; may
//! be empty) and `CLOSEDPAW_TEST_MODEL`; where these are not set, `CLOSEDPAW_TEST_NO_MODEL` says why. It finds
//! libfaketime through `CLOSEDPAW_TEST_FAKETIME`, or the reason why not through `CLOSEDPAW_TEST_NO_FAKETIME`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::tally::Tally;
use crate::faketime;
use crate::interrupt;
use crate::llama::Llama;
use crate::process::Running;
use crate::workspace;

pub fn run() -> Result<Tally> {
    let skip_log = tempfile::NamedTempFile::new()?;
    let mut command = cargo_test();
    command.arg("--no-fail-fast").env("CLOSEDPAW_SKIP_LOG", skip_log.path()).stdout(Stdio::piped());
    offer_model(&mut command)?;
    offer_faketime(&mut command)?;

    let mut cargo = Running::start(&mut command)?;
    let output = cargo.take_stdout().context("Cargo's output is not piped")?;
    let mut tally = Tally::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        count(&line, &mut tally);
    }
    let status = cargo.wait(|| Ok(()))?;

    let skipped = fs::read_to_string(skip_log.path())?;
    tally.skipped.extend(skipped.lines().map(str::to_owned));
    tally.passed = tally.passed.saturating_sub(skipped.lines().count());
    if !status.success() && tally.failed == 0 {
        // A test that does not compile, or a test program that crashed, has no line of its own.
        tally.failed = 1;
    }
    Ok(tally)
}

/// `cargo test` as it is meant here.
pub fn cargo_test() -> Command {
    let mut command = workspace::cargo();
    command.args(["test", "--workspace", "--locked"]);
    command
}

fn offer_model(command: &mut Command) -> Result<()> {
    match Llama::obtain() {
        Ok(llama) => {
            command.envs(llama.test_environment());
        }
        Err(signal) if signal.is::<interrupt::Interrupted>() => return Err(signal),
        Err(reason) => {
            command.env("CLOSEDPAW_TEST_NO_MODEL", format!("{reason:#}").replace('\n', " "));
        }
    }
    Ok(())
}

fn offer_faketime(command: &mut Command) -> Result<()> {
    match faketime::obtain() {
        Ok(library) => {
            command.env("CLOSEDPAW_TEST_FAKETIME", library);
        }
        Err(signal) if signal.is::<interrupt::Interrupted>() => return Err(signal),
        Err(reason) => {
            command.env("CLOSEDPAW_TEST_NO_FAKETIME", format!("{reason:#}").replace('\n', " "));
        }
    }
    Ok(())
}

/// Adds what a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …` tells.
fn count(line: &str, tally: &mut Tally) {
    let Some(result) = line.strip_prefix("test result: ") else { return };
    let number = |what: &str| {
        let words: Vec<&str> = result.split([' ', ';']).collect();
        let pair = words.windows(2).find(|pair| pair.last() == Some(&what))?;
        pair.first()?.parse().ok()
    };
    tally.passed += number("passed").unwrap_or(0);
    tally.failed += number("failed").unwrap_or(0);
    for _ in 0..number("ignored").unwrap_or(0) {
        tally.skipped.push("a test that is marked as ignored".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_cargo_tells() {
        let mut tally = Tally::default();
        count("running 3 tests", &mut tally);
        count(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
            &mut tally,
        );
        count("test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured", &mut tally);
        assert_eq!((tally.passed, tally.failed, tally.skipped.len()), (14, 3, 1));
    }
}
