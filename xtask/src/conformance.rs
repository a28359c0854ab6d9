//! Runs the official SDKs against the gateway by conformance/run.py, and counts what came of it.

mod kits;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::workspace::{self, Profile};
use crate::{interrupt, process};
use kits::Kits;
pub use kits::python;

/// What the run has to come to; written by it.
const MATRIX: &str = "docs/reference/matrix.md";

#[derive(Args)]
pub struct Options {
    /// Write the matrix in the reference instead of checking it
    #[arg(long)]
    write: bool,
    /// Run only the cells whose `SDK / provider / feature / mode` holds this text
    #[arg(long, conflicts_with = "write")]
    only: Option<String>,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    let program = workspace::build(Profile::Dev)?;
    let kits = Kits::install()?;
    let mut command = kits.command(&program);
    match &options.only {
        Some(text) => command.arg("--only").arg(text),
        None if options.write => command.arg("--matrix").arg(MATRIX),
        None => command.arg("--check-matrix").arg(MATRIX),
    };
    Ok(ExitCode::from(u8::from(!process::succeeds(&mut command)?)))
}

/// What came of all cells.
pub struct Verdicts {
    /// Cells that came out as they have to.
    pub good: usize,
    /// Cells that did not, and what else went wrong.
    pub bad: usize,
    /// Why SDKs, or the real model, were left out.
    pub skipped: Vec<String>,
}

/// Runs everything on `program` and checks the matrix.
pub fn check(program: &Path) -> Result<Verdicts> {
    let kits = match Kits::install() {
        Ok(kits) => kits,
        Err(signal) if signal.is::<interrupt::Interrupted>() => return Err(signal),
        Err(reason) => {
            let skipped = vec![format!("the SDKs for Python cannot be had: {reason:#}")];
            return Ok(Verdicts { good: 0, bad: 0, skipped });
        }
    };
    let results = tempfile::NamedTempFile::new()?;
    let mut command = kits.command(program);
    command.arg("--check-matrix").arg(MATRIX).arg("--results").arg(results.path());
    let success = process::succeeds(&mut command)?;
    // A run that came to no end has written nothing.
    let cells: Vec<Value> =
        serde_json::from_str(&fs::read_to_string(results.path())?).unwrap_or_default();
    Ok(Verdicts::of(&cells, success, kits.missing()))
}

impl Verdicts {
    fn of(cells: &[Value], success: bool, skipped: Vec<String>) -> Self {
        let count = |verdict: &str| {
            cells.iter().filter(|cell| cell.get("verdict") == Some(&verdict.into())).count()
        };
        // What an SDK has no way to ask for is no check at all.
        let (good, bad) = (count("pass") + count("impossible"), count("fail"));
        // What belongs to no cell, such as a stale matrix, fails the run all the same.
        let stray = usize::from(!success && bad == 0);
        Self { good, bad: bad + stray, skipped }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_sdk_cannot_ask_for_counts_for_nothing() {
        let cells =
            ["pass", "impossible", "unasked", "fail"].map(|verdict| json!({ "verdict": verdict }));
        let Verdicts { good, bad, skipped } =
            Verdicts::of(&cells, false, vec!["no npm".to_owned()]);
        assert_eq!((good, bad, skipped), (2, 1, vec!["no npm".to_owned()]));
    }

    #[test]
    fn a_run_that_fails_without_a_failed_cell_fails() {
        assert_eq!(Verdicts::of(&[json!({ "verdict": "pass" })], false, Vec::new()).bad, 1);
        assert_eq!(Verdicts::of(&[], false, Vec::new()).bad, 1);
        assert_eq!(Verdicts::of(&[json!({ "verdict": "pass" })], true, Vec::new()).bad, 0);
    }
}
