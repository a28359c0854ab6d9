//! Knows the checkout: where it lies, how Cargo runs in it, and what Cargo says about it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fmt};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process::Running;

/// How the program is compiled.
#[derive(Clone, Copy)]
pub enum Profile {
    Dev,
    Release,
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Dev => "dev",
            Self::Release => "release",
        })
    }
}

/// The folder of the checkout.
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// The Cargo that runs this chore, in the checkout.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// What Cargo knows of the workspace's own packages.
pub fn metadata() -> Result<Value> {
    let output = cargo().args(["metadata", "--format-version=1", "--no-deps"]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Where Cargo puts what it makes.
pub fn target_folder() -> Result<PathBuf> {
    let metadata = metadata()?;
    let folder = metadata.get("target_directory").and_then(Value::as_str);
    Ok(PathBuf::from(folder.context("Cargo names no target directory")?))
}

/// Builds the `closedpaw` program and tells where Cargo put it.
pub fn build(profile: Profile) -> Result<PathBuf> {
    compile(cargo().args(["build", "--package=closedpaw", &format!("--profile={profile}")]))
}

/// Runs a Cargo command that compiles, and finds the `closedpaw` program among what it made.
pub fn compile(command: &mut Command) -> Result<PathBuf> {
    let mut cargo = Running::start(
        command.arg("--message-format=json-render-diagnostics").stdout(Stdio::piped()),
    )?;
    let output = cargo.take_stdout().context("Cargo's output is not piped")?;
    let mut program = None;
    for line in BufReader::new(output).lines() {
        program = built_program(&serde_json::from_str(&line?)?).or(program);
    }
    ensure!(cargo.wait(|| Ok(()))?.success(), "closedpaw does not compile");
    program.context("Cargo did not say where closedpaw lies")
}

/// The program's path, if this is Cargo's message that it is built. Its unit tests are a program of the same name.
fn built_program(message: &Value) -> Option<PathBuf> {
    let is_program = message.pointer("/target/name")? == "closedpaw"
        && message.pointer("/target/kind/0")? == "bin"
        && message.pointer("/profile/test")? == false;
    message.get("executable").filter(|_| is_program)?.as_str().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: &str, test: bool, expected: Option<&str>) {
        let message = json!({
            "reason": "compiler-artifact",
            "target": { "name": "closedpaw", "kind": [kind] },
            "profile": { "test": test },
            "executable": "/target/closedpaw",
        });
        assert_eq!(built_program(&message), expected.map(PathBuf::from));
    }

    #[test]
    fn tells_the_program_from_its_tests() {
        check("bin", false, Some("/target/closedpaw"));
        check("bin", true, None);
        check("test", true, None);
        assert_eq!(built_program(&json!({ "reason": "build-finished" })), None);
    }
}
