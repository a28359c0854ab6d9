//! Gets llama.cpp's server and a small model, and starts them on the CPU.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::http::Request;
use crate::process::{self, Running};
use crate::python::Python;
use crate::wheel::{LLAMA_SERVER, SMOLLM2};

/// What the started server calls its model.
pub const MODEL: &str = "smollm2-135m-instruct";

const START_LIMIT: Duration = Duration::from_secs(120);

/// A server and a model, both on this machine's disk.
pub struct Llama {
    server: PathBuf,
    /// The folder of the server's own libraries, if they do not lie where the system looks.
    libraries: Option<PathBuf>,
    model: PathBuf,
}

impl Llama {
    /// Takes the server on the `PATH` or else fetches one, and fetches the model.
    pub fn obtain() -> Result<Self> {
        let (server, libraries) = match process::on_path("llama-server") {
            Some(server) => (server, None),
            None => {
                check_platform()?;
                let server = LLAMA_SERVER.fetch()?;
                let libraries = server.parent().map(Path::to_owned);
                (server, libraries)
            }
        };
        Ok(Self { server, libraries, model: SMOLLM2.fetch()? })
    }

    /// Starts the server on a free port and waits until the model is loaded.
    pub fn start(&self, log: &Path) -> Result<LlamaServer> {
        let address = free_address()?;
        let mut command = Command::new(&self.server);
        command
            .args(["--host", &address.ip().to_string(), "--port", &address.port().to_string()])
            .args(["-ngl", "0", "--jinja", "--ctx-size", "4096", "--alias", MODEL])
            .arg("--model")
            .arg(&self.model)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log)?);
        if let Some(folder) = &self.libraries {
            command.env("LD_LIBRARY_PATH", folder);
        }

        let mut running = Running::start(&mut command)?;
        let started = Instant::now();
        while !is_up(address) {
            if let Some(status) = running.ended()? {
                bail!("llama-server ended with {status}:{}", process::last_words(log));
            }
            ensure!(started.elapsed() < START_LIMIT, "llama-server did not load its model in time");
            process::pause()?;
        }
        Ok(LlamaServer { _running: running, address })
    }

    /// The options by which a program of conformance/ finds these files.
    pub fn arguments(&self) -> Vec<&OsStr> {
        let mut arguments = vec!["--llama-server".as_ref(), self.server.as_os_str()];
        if let Some(libraries) = &self.libraries {
            arguments.extend(["--llama-libs".as_ref(), libraries.as_os_str()]);
        }
        arguments.extend(["--model".as_ref(), self.model.as_os_str()]);
        arguments
    }

    /// The variables through which a test finds these files.
    pub fn test_environment(&self) -> [(&'static str, &OsStr); 3] {
        let libraries = self.libraries.as_deref().map_or(OsStr::new(""), Path::as_os_str);
        [
            ("CLOSEDPAW_TEST_LLAMA_SERVER", self.server.as_os_str()),
            ("CLOSEDPAW_TEST_LLAMA_LIBS", libraries),
            ("CLOSEDPAW_TEST_MODEL", self.model.as_os_str()),
        ]
    }
}

/// A server that answers, until this is dropped.
pub struct LlamaServer {
    _running: Running,
    pub address: SocketAddr,
}

fn check_platform() -> Result<()> {
    let fits = cfg!(all(target_os = "linux", target_arch = "x86_64"))
        && Python::find()?.glibc.is_some_and(|version| version >= (2, 35));
    ensure!(
        fits,
        "there is no ready-made llama-server for this platform (that needs Linux on x86-64 with glibc 2.35): \
         start Ollama and pull a model, or put a llama-server on the PATH, then run this again"
    );
    Ok(())
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("there is no free port")?;
    Ok(listener.local_addr()?)
}

fn is_up(address: SocketAddr) -> bool {
    let answer = Request::get("/health").send(address, Duration::from_secs(1));
    answer.is_ok_and(|answer| answer.status == 200)
}
