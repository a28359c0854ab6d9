//! Runs the real coding agents through the gateway, by conformance/agents.

use anyhow::Result;

use super::tally::Tally;
use super::{cases, suite};
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
        .arg(workspace::target_folder()?.join("agents"));
    cases::run(&mut command)
}
