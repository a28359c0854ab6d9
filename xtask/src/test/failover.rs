//! Runs official SDKs against two real servers behind one route, of which one is killed and one is stopped.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::tally::Tally;
use super::{cases, suite};
use crate::llama::Llama;
use crate::{conformance, interrupt, workspace};

/// Comes after the tests, since they have built the program.
pub fn run() -> Result<Tally> {
    let (python, llama) = match obtain() {
        Ok(parts) => parts,
        Err(signal) if signal.is::<interrupt::Interrupted>() => return Err(signal),
        Err(reason) => return Ok(Tally::skip(format!("failover on real servers: {reason:#}"))),
    };
    let program = workspace::compile(suite::cargo_test().arg("--no-run"))?;
    let mut command = Command::new(python);
    command
        .current_dir(workspace::root())
        .arg("conformance/failover/run.py")
        .arg("--program")
        .arg(program)
        .args(llama.arguments())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    cases::run(&mut command)
}

/// A Python that has the SDKs, and a server with a model.
fn obtain() -> Result<(PathBuf, Llama)> {
    let python = conformance::python().context("the SDKs for Python cannot be had")?;
    Ok((python, Llama::obtain().context("a real model cannot be had")?))
}
