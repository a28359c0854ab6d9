//! Runs the official SDKs against the gateway: installs them, pinned, below the target folder and starts conformance/run.py.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::process::{self, Running};
use crate::python::Python;
use crate::workspace::{self, Profile};
use crate::{gateway, interrupt};

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
    let mut command = kits.command(&program)?;
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
    /// Why SDKs were left out.
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
    let mut command = kits.command(program)?;
    command.arg("--check-matrix").arg(MATRIX).arg("--results").arg(results.path());
    let success = process::succeeds(&mut command)?;
    let cells: Vec<Value> =
        serde_json::from_str(&fs::read_to_string(results.path())?).unwrap_or_default();
    let count = |verdict: &str| {
        cells.iter().filter(|cell| cell.get("verdict") == Some(&verdict.into())).count()
    };
    // What an SDK has no way to ask for is no check at all.
    let (good, bad) = (count("pass") + count("impossible"), count("fail"));
    // What belongs to no cell, such as a stale matrix, fails the run all the same.
    let stray = usize::from(!success && bad == 0);
    let skipped = kits.node.err().into_iter().collect();
    Ok(Verdicts { good, bad: bad + stray, skipped })
}

/// The SDKs, ready to run.
struct Kits {
    /// A Python that has its SDKs.
    python: PathBuf,
    /// The folder of Node's drivers and SDKs, or why there is none.
    node: Result<PathBuf, String>,
}

impl Kits {
    /// Installs what isn't installed yet. Fails without the SDKs for Python, whose interpreter runs everything.
    fn install() -> Result<Self> {
        let folder = workspace::target_folder()?.join("conformance");
        let python = install_python(&folder.join("python"))?;
        let node = match install_node(&folder.join("node")) {
            Err(signal) if signal.is::<interrupt::Interrupted>() => return Err(signal),
            node => node.map_err(|reason| format!("the SDKs for Node cannot be had: {reason:#}")),
        };
        Ok(Self { python, node })
    }

    fn command(&self, program: &Path) -> Result<Command> {
        let mut command = Command::new(&self.python);
        command.current_dir(workspace::root()).arg("conformance/run.py");
        command.arg("--program").arg(program).env("PYTHONDONTWRITEBYTECODE", "1");
        match &self.node {
            Ok(folder) => command.arg("--node").arg(folder),
            Err(reason) => {
                println!("{reason}");
                command.args(["--skip", "node"])
            }
        };
        Ok(command)
    }
}

/// Makes a virtual environment with the pinned packages and returns its Python.
fn install_python(home: &Path) -> Result<PathBuf> {
    Python::find()?;
    let lock = sources().join("python/requirements.txt");
    let python = home.join("bin").join("python");
    install(home, &lock, |log| {
        succeed(Python::command().args(["-m", "venv"]).arg(home), log)?;
        let pip = ["-m", "pip", "install", "--only-binary=:all:", "--no-input", "--quiet"];
        let mut command = Command::new(&python);
        command.args(pip).args(["--disable-pip-version-check", "--requirement"]).arg(&lock);
        succeed(&mut command, log)
    })?;
    Ok(python)
}

/// Installs the pinned packages beside a copy of the drivers and returns that folder.
fn install_node(home: &Path) -> Result<PathBuf> {
    let npm = process::on_path("npm").context("npm is missing: install Node 20 or newer")?;
    process::on_path("node").context("node is missing: install Node 20 or newer")?;
    let drivers = sources().join("node");
    install(home, &drivers.join("package-lock.json"), |log| {
        for file in ["package.json", "package-lock.json", ".npmrc"] {
            fs::copy(drivers.join(file), home.join(file))?;
        }
        let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        succeed(Command::new(npm).args(ci).current_dir(home), log)
    })?;
    for entry in fs::read_dir(drivers)? {
        let file = entry?.path();
        if file.extension() == Some(OsStr::new("mjs")) {
            fs::copy(&file, home.join(file.file_name().unwrap_or_default()))?;
        }
    }
    Ok(home.to_owned())
}

/// Fills `home` by `fill` unless it was filled from the same lock file before.
fn install(home: &Path, lock: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let wanted = fs::read_to_string(lock)?;
    let mark = home.join("installed-from");
    if fs::read_to_string(&mark).ok().as_ref() == Some(&wanted) {
        return Ok(());
    }
    if home.exists() {
        fs::remove_dir_all(home)?;
    }
    fs::create_dir_all(home)?;
    println!("installing what {} lists", lock.display());
    fill(&home.join("install.log"))?;
    Ok(fs::write(mark, wanted)?)
}

fn succeed(command: &mut Command, log: &Path) -> Result<()> {
    let command = gateway::without_settings(command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log)?);
    if !Running::start(command)?.wait(|| Ok(()))?.success() {
        bail!("installing failed:{}", process::last_words(log));
    }
    Ok(())
}

fn sources() -> PathBuf {
    workspace::root().join("conformance")
}
