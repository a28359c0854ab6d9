//! Starts other programs and leaves none of them behind.

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus};
use std::time::Duration;
use std::{env, fs, thread};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::interrupt;

const POLL: Duration = Duration::from_millis(50);

/// A program that runs until it ends, or is killed when this is dropped.
pub struct Running {
    child: Child,
}

impl Running {
    /// Starts `command`.
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self { child })
    }

    /// Its operating-system process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = Pid::from_raw(self.child.id().try_into()?).context("a process has no number")?;
        Ok(kill_process(id, signal)?)
    }

    /// Its output, if that was piped and nobody has taken it yet.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for its end, calling `meanwhile` a few times a second.
    pub fn wait(mut self, mut meanwhile: impl FnMut() -> Result<()>) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            pause()?;
            meanwhile()?;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a child that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `command` to its end and tells whether it succeeded.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    Ok(Running::start(command)?.wait(|| Ok(()))?.success())
}

/// Sleeps for one step of a wait. Fails only when a signal has come.
pub fn pause() -> Result<()> {
    interrupt::check()?;
    thread::sleep(POLL);
    interrupt::check()
}

/// Finds a program on the `PATH`.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(&name)).find(|file| file.is_file())
}

/// The last lines of a log, to explain why its writer ended.
pub fn last_words(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(8)).map(|line| format!("\n    {line}")).collect()
}
