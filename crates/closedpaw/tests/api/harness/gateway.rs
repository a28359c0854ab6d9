//! The program itself, serving from folders of its own.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::{Answer, Ask};

/// The folders of one gateway, which outlive its processes.
pub struct Home {
    folder: TempDir,
    starts: AtomicUsize,
}

/// A running gateway. Dropping it kills it.
pub struct Gateway {
    process: Child,
    /// The `listening on` lines, without these words.
    pub urls: Vec<String>,
    pub key: String,
    /// Lives as long as the gateway, when nobody else holds it.
    own_home: Option<Home>,
}

/// A gateway that did not come up.
#[derive(Debug)]
pub struct Failed {
    pub exit_code: Option<i32>,
    pub stderr: String,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, starts: AtomicUsize::new(0) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    pub fn keys_dir(&self) -> PathBuf {
        self.path("keys")
    }

    /// Serves on one loopback port.
    pub fn serve(&self) -> Gateway {
        self.serve_with(&["--listen", "127.0.0.1:0"])
    }

    /// Serves as told; with several listeners as soon as it says where the first one is.
    pub fn serve_with(&self, arguments: &[&str]) -> Gateway {
        self.serve_under(&[], arguments)
    }

    /// Serves as told, with these variables in its environment.
    pub fn serve_under(&self, environment: &[(&str, &OsStr)], arguments: &[&str]) -> Gateway {
        let log = self.path(&format!("log-{}", self.starts.fetch_add(1, Ordering::Relaxed)));
        let stderr = File::create(&log).expect("a log file");
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(stderr);
        let mut process = command.spawn().expect("the program");
        let listeners = arguments.iter().filter(|argument| **argument == "--listen").count();
        let lines = BufReader::new(process.stdout.take().expect("its stdout")).lines();
        let urls: Vec<_> = lines
            .map_while(Result::ok)
            .map(|line| line.strip_prefix("listening on ").expect("only such lines").to_owned())
            .take(listeners)
            .collect();
        assert_eq!(urls.len(), listeners, "{}", fs::read_to_string(log).unwrap_or_default());
        let key = fs::read_to_string(self.keys_dir().join("admin.key")).expect("an admin key");
        Gateway { process, urls, key: key.trim().to_owned(), own_home: None }
    }

    /// Tries to serve, and waits for the end of it, which must come without a word on stdout.
    pub fn fail_to_serve(&self, arguments: &[&str]) -> Failed {
        let mut command = self.command(arguments);
        let mut process =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let stdout = BufReader::new(process.stdout.take().expect("its stdout"));
        if let Some(line) = stdout.lines().map_while(Result::ok).next() {
            // It serves, and would until it is told to stop.
            let _ = process.kill();
            panic!("it came up: {line}");
        }
        let output = process.wait_with_output().expect("its end");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Failed { exit_code: output.status.code(), stderr }
    }

    /// Everything that all the processes of this home wrote to stderr.
    pub fn logs(&self) -> String {
        let starts = 0..self.starts.load(Ordering::Relaxed);
        let read = |start| fs::read_to_string(self.path(&format!("log-{start}")));
        starts.map(read).collect::<Result<_, _>>().expect("the logs")
    }

    /// Every file below the data dir, with its bytes.
    pub fn data_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files(&self.data_dir())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_closedpaw"));
        command.env_clear().env("HOME", self.folder.path());
        command.arg("--data-dir").arg(self.data_dir()).arg("--keys-dir").arg(self.keys_dir());
        command.arg("serve").args(arguments).stdin(Stdio::null());
        command
    }
}

impl Gateway {
    /// Starts a gateway on a fresh home of its own.
    pub fn start() -> Self {
        let home = Home::new();
        let mut gateway = home.serve();
        gateway.own_home = Some(home);
        gateway
    }

    pub fn address(&self) -> SocketAddr {
        let (_, address) = self.urls[0].split_once("://").expect("a URL");
        address.parse().expect("an address")
    }

    /// A request without a key.
    pub fn ask_without_key(&self, method: &str, target: &str) -> Ask {
        Ask::new(self.address(), method, target)
    }

    /// A request with the admin key.
    pub fn ask(&self, method: &str, target: &str) -> Ask {
        let bearer = format!("Bearer {}", self.key);
        self.ask_without_key(method, target).header("authorization", &bearer)
    }

    pub fn get(&self, target: &str) -> Answer {
        self.ask("GET", target).send()
    }

    pub fn post(&self, target: &str, body: &Value) -> Answer {
        self.ask("POST", target).json(body).send()
    }

    pub fn patch(&self, name: &str, body: &Value) -> Answer {
        self.ask("PATCH", &format!("/api/providers/{name}")).json(body).send()
    }

    pub fn delete(&self, name: &str) -> Answer {
        self.ask("DELETE", &format!("/api/providers/{name}")).send()
    }

    pub fn try_register(&self, body: &Value) -> Answer {
        self.post("/api/providers/register", body)
    }

    /// Registers a provider that must be accepted.
    #[track_caller]
    pub fn register(&self, body: &Value) {
        let answer = self.try_register(body).expect(200);
        assert_eq!(answer, serde_json::json!({ "status": "success", "provider": body["name"] }));
    }

    /// Shows a provider that must be there.
    #[track_caller]
    pub fn show(&self, name: &str) -> Value {
        self.get(&format!("/api/providers/{name}")).expect(200)
    }

    /// The names of all providers in the order of their list.
    #[track_caller]
    pub fn names(&self) -> Vec<String> {
        let list = self.get("/api/providers").expect(200);
        list["providers"].as_object().expect("an object").keys().cloned().collect()
    }

    /// Sets a route over candidates that are written `PROVIDER/MODEL`.
    #[track_caller]
    pub fn route(&self, name: &str, strategy: &str, candidates: &[&str]) {
        let candidate = |text: &&str| {
            let (provider, model) = text.split_once('/').expect("PROVIDER/MODEL");
            serde_json::json!({ "provider": provider, "model": model })
        };
        let candidates: Vec<_> = candidates.iter().map(candidate).collect();
        self.put_route(
            name,
            &serde_json::json!({ "strategy": strategy, "candidates": candidates }),
        );
    }

    /// Sets a route that must be accepted.
    #[track_caller]
    pub fn put_route(&self, name: &str, body: &Value) {
        self.ask("PUT", &format!("/api/routes/{name}")).json(body).send().expect(200);
    }

    /// The smallest chat in OpenAI's dialect.
    pub fn small_chat(&self, model: &str) -> Ask {
        let body = serde_json::json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] });
        self.ask("POST", "/v1/chat/completions").json(&body)
    }

    /// What became of the request of an answer, once it is recorded.
    #[track_caller]
    pub fn record(&self, answer: &Answer) -> Value {
        self.record_of(answer.header("x-request-id").expect("an id"))
    }

    /// What became of a request, once it is recorded.
    #[track_caller]
    pub fn record_of(&self, id: &str) -> Value {
        let target = format!("/api/requests/{id}");
        super::eventually("the request is recorded", || self.get(&target).status == 200);
        self.get(&target).expect(200)
    }

    pub fn chat(&self, body: &Value) -> Answer {
        self.post("/api/chat/multi", body)
    }

    /// Asks it to stop, as `kill` does.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it with no chance to write anything, as `kill -9` does.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.process.id()).expect("a small id");
        let pid = Pid::from_raw(id).expect("a process id");
        kill_process(pid, signal).expect("a process to tell");
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().expect("a process of ours").is_some()
    }

    /// Waits for its end and returns the exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.process.wait().expect("its end").code()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
        drop(self.own_home.take());
    }
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.clone(), fs::read(&path).expect("a readable file"))),
        }
    }
    found
}
