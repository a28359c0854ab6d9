//! Measures how fast the program starts, and how large it is.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;

use crate::gateway::{Gateway, Home};
use crate::interrupt;
use crate::workspace::{self, Profile};

const MIB: f64 = 1024.0 * 1024.0;

#[derive(Args)]
pub struct Start {
    /// How often to start the program on each kind of data folder
    #[arg(long, default_value_t = 21)]
    runs: usize,
    /// Also time a release build from nothing
    #[arg(long)]
    build: bool,
}

pub fn run(options: &Start) -> Result<()> {
    let program = workspace::build(Profile::Release)?;
    let build = if options.build { " --build" } else { "" };
    println!("repeat with: cargo xtask bench start --runs {}{build}", options.runs);

    let fresh = (0..options.runs).map(|_| timed_start(&program, new_home()?.path()));
    report("start, fresh data folder", milliseconds(&fresh.collect::<Result<Vec<_>>>()?), "50 ms");

    let home = new_home()?;
    timed_start(&program, home.path())?;
    let used = (0..options.runs).map(|_| timed_start(&program, home.path()));
    report("start, used data folder", milliseconds(&used.collect::<Result<Vec<_>>>()?), "50 ms");

    report("idle resident memory", idle_memory(&program, home.path())?, "15 MiB");
    let size = format!("{:.1} MiB", fs::metadata(&program)?.len() as f64 / MIB);
    report("size of the program", size, "20 MiB");
    if options.build {
        report("release build from nothing", clean_build()?, "");
    }
    Ok(())
}

fn report(what: &str, measured: String, aim: &str) {
    let aim = if aim.is_empty() { String::new() } else { format!("  (aim: under {aim})") };
    println!("{what:<28}{measured:>24}{aim}");
}

fn new_home() -> Result<tempfile::TempDir> {
    interrupt::check()?;
    Ok(tempfile::Builder::new().prefix("closedpaw-bench-").tempdir()?)
}

/// The time from starting the program to reading its `listening` line.
fn timed_start(program: &Path, folder: &Path) -> Result<Duration> {
    interrupt::check()?;
    let home = Home { path: folder.to_owned() };
    let before = Instant::now();
    let _gateway = Gateway::start(program, &home, 0)?;
    Ok(before.elapsed())
}

/// Median, fastest and slowest.
fn milliseconds(times: &[Duration]) -> String {
    let mut sorted: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let last = sorted.len().saturating_sub(1);
    format!("{:.1} ms ({:.1} to {:.1})", at(last / 2), at(0), at(last))
}

/// The resident set two seconds after the start, as Linux tells it.
fn idle_memory(program: &Path, folder: &Path) -> Result<String> {
    let gateway = Gateway::start(program, &Home { path: folder.to_owned() }, 0)?;
    thread::sleep(Duration::from_secs(2));
    let Ok(status) = fs::read_to_string(format!("/proc/{}/status", gateway.running.id())) else {
        return Ok("not told by this system".to_owned());
    };
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
    let kib: f64 = kib.context("the process has no VmRSS")?.trim().parse()?;
    Ok(format!("{:.1} MiB", kib / 1024.0))
}

fn clean_build() -> Result<String> {
    let target = new_home()?;
    let before = Instant::now();
    let mut cargo = workspace::cargo();
    cargo
        .args(["build", "--release", "--package=closedpaw"])
        .env("CARGO_TARGET_DIR", target.path());
    workspace::compile(&mut cargo)?;
    Ok(format!("{:.0} s", before.elapsed().as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_one_stands_first() {
        let times = [5, 1, 9].map(Duration::from_millis);
        assert_eq!(milliseconds(&times), "5.0 ms (1.0 to 9.0)");
    }
}
