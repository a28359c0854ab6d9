//! Starts a built gateway in a folder of its own, untouched by the user's configuration.

use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{self, Running};

const START_LIMIT: Duration = Duration::from_secs(30);

/// A gateway that accepts connections, until this is dropped.
pub struct Gateway {
    pub running: Running,
    pub address: SocketAddr,
}

impl Gateway {
    /// Starts `program` on 127.0.0.1 and waits for its `listening` line. Port 0 is any free one.
    pub fn start(program: &Path, home: &Home, port: u16) -> Result<Self> {
        Self::start_under(&[], program, home, port)
    }

    /// The same with these variables in its environment.
    pub fn start_under(
        environment: &[(&str, &Path)],
        program: &Path,
        home: &Home,
        port: u16,
    ) -> Result<Self> {
        let mut command = Command::new(program);
        without_settings(&mut command)
            .arg("--data-dir")
            .arg(home.path.join("data"))
            .arg("--keys-dir")
            .arg(home.path.join("keys"))
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .env("XDG_CONFIG_HOME", home.path.join("config"))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(home.log())?);
        let mut running = Running::start(&mut command)?;
        let stdout = running.take_stdout().context("the gateway's output is not piped")?;
        let Some(address) = announced(lines(stdout)) else {
            bail!("the gateway did not start:{}", process::last_words(&home.log()));
        };
        Ok(Self { running, address })
    }
}

/// The folder that holds all that one gateway keeps.
pub struct Home {
    pub path: PathBuf,
}

impl Home {
    /// The file that holds the admin key, once the gateway has started.
    pub fn admin_key(&self) -> PathBuf {
        self.path.join("keys").join("admin.key")
    }

    /// The gateway's log.
    pub fn log(&self) -> PathBuf {
        self.path.join("gateway.log")
    }
}

/// Takes this shell's `CLOSEDPAW_…` variables from a command, so that it behaves the same everywhere.
pub fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CLOSEDPAW_") {
            command.env_remove(name);
        }
    }
    command
}

/// Reads on in a thread of its own, so that the gateway never writes to a closed pipe.
fn lines(output: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Nobody listens once the address is known.
            let _ = sender.send(line);
        }
    });
    receiver
}

/// The address in the `listening` line, unless the output ends or nothing comes before that.
fn announced(lines: Receiver<String>) -> Option<SocketAddr> {
    loop {
        let line = lines.recv_timeout(START_LIMIT).ok()?;
        if let Some(address) = line.strip_prefix("listening on http://") {
            return address.parse().ok();
        }
    }
}
