//! Runs a program that tells what came of each of its cases in a line, and counts.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::tally::Tally;
use crate::process::Running;

/// Runs `command`, repeats what it says, and counts its cases.
pub fn run(command: &mut Command) -> Result<Tally> {
    let mut running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let output = running.take_stdout().context("the cases' output is not piped")?;
    let mut tally = Tally::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        count(&line, &mut tally);
    }
    if !running.wait(|| Ok(()))?.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

/// Adds what a line such as `skipped NAME: REASON` tells.
fn count(line: &str, tally: &mut Tally) {
    match line.split_once(' ') {
        Some(("passed", _)) => tally.passed += 1,
        Some(("failed", _)) => tally.failed += 1,
        Some(("skipped", why)) => tally.skipped.push(why.to_owned()),
        Some(_) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_the_cases_tell() {
        let mut tally = Tally::default();
        count("passed claude over custom", &mut tally);
        count("failed codex over custom: the tool did not run", &mut tally);
        count("skipped codex over custom: npm is missing", &mut tally);
        count("", &mut tally);
        assert_eq!((tally.passed, tally.failed), (1, 1));
        assert_eq!(tally.skipped, ["codex over custom: npm is missing"]);
    }
}
