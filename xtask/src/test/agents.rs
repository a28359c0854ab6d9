//! Runs the real coding agents through the gateway, by conformance/agents.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result};

use super::suite;
use super::tally::Tally;
use crate::process::Running;
use crate::python::Python;
use crate::workspace;

/// Comes after the tests, since they have built the program.
pub fn run() -> Result<Tally> {
    let program = workspace::compile(suite::cargo_test().arg("--no-run"))?;
    let mut command = Python::command();
    command
        .arg(workspace::root().join("conformance/agents/run.py"))
        .arg("--program")
        .arg(program)
        .arg("--cache")
        .arg(workspace::target_folder()?.join("agents"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut running = Running::start(&mut command)?;
    let output = running.take_stdout().context("the agents' output is not piped")?;
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
