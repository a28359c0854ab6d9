//! Gets what the run needs: the SDKs, pinned, below the target folder, and a real model.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::llama::{self, Llama, LlamaServer};
use crate::process::{self, Running};
use crate::python::Python;
use crate::{gateway, interrupt, workspace};

/// All of it, ready to run.
pub struct Kits {
    /// A Python that has its SDKs.
    python: PathBuf,
    /// The folder of Node's drivers and SDKs, or why there is none.
    node: Result<PathBuf, String>,
    /// A server with a real model, or why there is none.
    llama: Result<LlamaServer, String>,
}

impl Kits {
    /// Installs what isn't installed yet. Fails without the SDKs for Python, whose interpreter runs everything.
    pub fn install() -> Result<Self> {
        let folder = folder()?;
        let python = python()?;
        let node = or_why(install_node(&folder.join("node")), "the SDKs for Node cannot be had")?;
        let log = folder.join("llama-server.log");
        let llama = Llama::obtain().and_then(|llama| llama.start(&log));
        let llama = or_why(llama, "a real model cannot be had")?;
        Ok(Self { python, node, llama })
    }

    /// What could not be had, and why.
    pub fn missing(&self) -> Vec<String> {
        self.node.as_ref().err().into_iter().chain(self.llama.as_ref().err()).cloned().collect()
    }

    /// The run of everything that could be had.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(&self.python);
        command.current_dir(workspace::root()).arg("conformance/run.py");
        command.arg("--program").arg(program).env("PYTHONDONTWRITEBYTECODE", "1");
        match &self.node {
            Ok(folder) => command.arg("--node").arg(folder),
            Err(_) => command.args(["--skip", "node"]),
        };
        if let Ok(server) = &self.llama {
            let url = format!("http://{}", server.address);
            command.args(["--llama", &url, "--llama-model", llama::MODEL]);
        }
        self.missing().iter().for_each(|reason| println!("{reason}"));
        command
    }
}

/// A Python that has its SDKs, which are installed first if they aren't.
pub fn python() -> Result<PathBuf> {
    install_python(&folder()?.join("python"))
}

/// Where everything is installed.
fn folder() -> Result<PathBuf> {
    Ok(workspace::target_folder()?.join("conformance"))
}

/// The reason for a lack as text; a signal stays an error.
fn or_why<T>(outcome: Result<T>, lack: &str) -> Result<Result<T, String>> {
    match outcome {
        Err(signal) if signal.is::<interrupt::Interrupted>() => Err(signal),
        outcome => Ok(outcome.map_err(|reason| format!("{lack}: {reason:#}"))),
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
