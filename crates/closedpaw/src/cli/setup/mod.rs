//! `closedpaw setup`: points other programs at the running gateway.

mod claude;
mod client_file;
mod codex;
mod openai;
mod shell;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    cli::{
        gateway,
        gateway_key::{self, Place},
        screen::{note, print_json, print_line},
        session::{Output, Session},
    },
    failure::Failure,
};
use client_file::Written;
use shell::{Key, Variable};

/// Points Claude Code, Codex or an OpenAI SDK at the gateway
#[derive(Subcommand)]
pub enum Verb {
    /// Prints the environment for Claude Code, or writes it into its settings
    ///
    /// The settings are `settings.json` in `$CLAUDE_CONFIG_DIR` or `~/.claude`. They name the file or the
    /// variable that holds the key, never the key.
    #[command(after_help = "Examples:
  eval \"$(closedpaw setup claude)\" && claude
  closedpaw setup claude --model work/gpt-4o --write")]
    Claude(Options),
    /// Prints the config for Codex, or writes it into its config file
    ///
    /// The file is `config.toml` in `$CODEX_HOME` or `~/.codex`. It names the variable that holds the key, never the
    /// key.
    #[command(
        after_help = "Example:\n  closedpaw setup codex --model claude/claude-sonnet-4-5 --write"
    )]
    Codex(Options),
    /// Prints the environment for programs that use an OpenAI SDK
    #[command(after_help = "Example:\n  eval \"$(closedpaw setup openai)\" && python app.py")]
    Openai,
}

/// What a program can be told beside where the gateway is.
#[derive(Args)]
pub struct Options {
    /// The model it asks for [default: whatever it asks for now]
    #[arg(short, long, value_name = "[PROVIDER/]MODEL")]
    model: Option<String>,

    /// Writes the file, keeping what else it holds and a copy of what it was
    #[arg(long)]
    write: bool,
}

/// The gateway as another program is told of it.
struct Target {
    /// Its URL, without a trailing slash.
    url: String,
    /// Where the key is kept.
    key: Key,
}

/// Does what the verb says; asks the gateway nothing.
pub fn run(session: &Session, verb: &Verb) -> Result<(), Failure> {
    let (url, instance) = gateway::locate(session)?;
    let key = match gateway_key::find_place(session, &url)? {
        Place::Variable(name) => Key::Variable(name),
        Place::File(path) => Key::File(path.into_os_string().into_string().map_err(|path| {
            Failure::usage(format!("{} has a name that is not text", path.display()))
        })?),
    };
    let target = Target { url: url.as_str().to_owned(), key };
    if let Some(path) = instance.and_then(|instance| instance.certificate) {
        note(&format!(
            "The gateway shows the certificate {}, which programs may have to be told to trust: \
             NODE_EXTRA_CA_CERTS for Claude Code, SSL_CERT_FILE for most others.",
            path.display()
        ));
    }
    match verb {
        Verb::Claude(options) => claude::run(session, &target, options),
        Verb::Codex(options) => codex::run(session, &target, options),
        Verb::Openai => openai::run(session, &target),
    }
}

/// Prints the lines that set `variables`, which a shell can evaluate even from a pipe.
fn print_variables(session: &Session, variables: &[Variable]) -> Result<(), Failure> {
    if session.asked_output() == Some(Output::Json) {
        let lines = variables.iter().map(Variable::line).collect::<Vec<_>>();
        return print_json(&json!({ "lines": lines }));
    }
    variables.iter().try_for_each(|variable| print_line(&variable.line()))
}

/// Says what became of the file.
fn tell_written(session: &Session, written: &Written) -> Result<(), Failure> {
    let path = written.path.display();
    let sentence = match (&written.changed, &written.copy) {
        (false, _) => format!("{path} says so already"),
        (true, None) => format!("made {path}"),
        (true, Some(copy)) => format!("wrote {path}; what it was is in {}", copy.display()),
    };
    let value = json!({ "file": written.path, "changed": written.changed, "copy": written.copy });
    session.screen().tell(&value, &sentence)
}

/// The folder where a program keeps its settings: what its own variable says, or `below` the home.
fn folder_of(session: &Session, variable: &str, below: &str) -> Result<PathBuf, Failure> {
    let folder = session.environment.path(variable).or_else(|| {
        let home = session.environment.path("HOME")?;
        Some(home.join(below))
    });
    folder.ok_or_else(|| Failure::usage(format!("there is no home to look in: set {variable}")))
}
