//! Knows the Python that fetches packages: which one it is, and what to say when it is missing.

use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// A Python of at least 3.10 that has pip.
pub struct Python {
    /// The C library's version, where that is glibc.
    pub glibc: Option<(u32, u32)>,
}

impl Python {
    /// Looks at the `python3` on the `PATH`.
    pub fn find() -> Result<Self> {
        let facts = Self::output(&[
            "-c",
            "import platform, sys; print(*sys.version_info[:2], *platform.libc_ver())",
        ])
        .context("python3 is missing: install Python 3.10 or newer, with pip")?;
        let mut words = facts.split_whitespace();
        let mut number = || words.next().and_then(|word| word.parse::<u32>().ok());
        let version = number().zip(number()).context("cannot read the version of python3")?;
        ensure!(
            version >= (3, 10),
            "python3 is {}.{}: install Python 3.10 or newer, with pip",
            version.0,
            version.1
        );
        Self::output(&["-m", "pip", "--version"]).context(
            "python3 has no pip: install it (Debian and Ubuntu: apt install python3-pip)",
        )?;
        Ok(Self { glibc: glibc(words.next(), words.next()) })
    }

    /// A command that this Python runs.
    pub fn command() -> Command {
        Command::new("python3")
    }

    fn output(arguments: &[&str]) -> Result<String> {
        let output = Self::command().args(arguments).output()?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn glibc(library: Option<&str>, version: Option<&str>) -> Option<(u32, u32)> {
    let version = version.filter(|_| library == Some("glibc"))?;
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::glibc;

    #[test]
    fn only_glibc_has_a_glibc_version() {
        assert_eq!(glibc(Some("glibc"), Some("2.36")), Some((2, 36)));
        assert_eq!(glibc(Some("musl"), Some("1.2")), None);
        assert_eq!(glibc(None, None), None);
    }
}
