//! Gets libfaketime, which moves the wall clock of a program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::process::{self, Running};
use crate::workspace;

/// Where distributions put it.
const INSTALLED: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime",
    "/usr/lib/aarch64-linux-gnu/faketime",
    "/usr/lib64/faketime",
    "/usr/lib/faketime",
];

/// The library for programs with several threads.
const LIBRARY: &str = "libfaketimeMT.so.1";

/// The variables under which a program reads its clock from `clock`, while what it measures runs on.
pub fn environment<'a>(library: &'a Path, clock: &'a Path) -> [(&'static str, &'a Path); 5] {
    [
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", clock),
        ("FAKETIME_DONT_FAKE_MONOTONIC", Path::new("1")),
        ("FAKETIME_NO_CACHE", Path::new("1")),
        ("FAKETIME_DONT_RESET", Path::new("1")),
    ]
}

/// Takes the one that is installed, or else unpacks Debian's package below the target folder; installs nothing.
pub fn obtain() -> Result<PathBuf> {
    if let Some(library) =
        INSTALLED.iter().map(|folder| Path::new(folder).join(LIBRARY)).find(|path| path.is_file())
    {
        return Ok(library);
    }
    let folder = workspace::target_folder()?.join("faketime");
    if let Some(library) = unpacked(&folder) {
        return Ok(library);
    }
    ensure!(
        process::on_path("apt-get").is_some() && process::on_path("dpkg-deb").is_some(),
        "there is no libfaketime, and no apt-get to fetch it with: install it (its package is called faketime or libfaketime)"
    );
    fetch(&folder)?;
    unpacked(&folder).context("the package libfaketime holds no library")
}

fn fetch(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let log = folder.join("fetch.log");
    let run = |command: &mut Command| -> Result<()> {
        let log_file = fs::File::options().create(true).append(true).open(&log)?;
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log_file);
        if !Running::start(command)?.wait(|| Ok(()))?.success() {
            bail!("libfaketime cannot be fetched:{}", process::last_words(&log));
        }
        Ok(())
    };
    run(Command::new("apt-get").args(["download", "--quiet", "libfaketime"]))?;
    let package = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get fetched no package")?;
    run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(folder.join("files")))
}

fn unpacked(folder: &Path) -> Option<PathBuf> {
    let libraries = fs::read_dir(folder.join("files/usr/lib")).ok()?;
    let places =
        libraries.filter_map(|entry| Some(entry.ok()?.path().join("faketime").join(LIBRARY)));
    places.into_iter().find(|path| path.is_file())
}
