//! What every verb has at hand: the global options and the environment behind them.

use std::{io::IsTerminal as _, path::PathBuf};

use clap::{Args, ValueEnum};
use config::{Directories, DirectoryFlags, Environment};

use crate::{cli::screen::Screen, failure::Failure};

/// Options that every verb takes.
#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalOptions {
    /// Holds the database [env: CLOSEDPAW_DATA_DIR] [default: $XDG_DATA_HOME/closedpaw]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// The config file [env: CLOSEDPAW_CONFIG] [default: $XDG_CONFIG_HOME/closedpaw/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Holds the keys; never inside the data dir [env: CLOSEDPAW_KEYS_DIR]
    /// [default: $XDG_CONFIG_HOME/closedpaw/keys]
    #[arg(long, global = true, value_name = "DIR")]
    keys_dir: Option<PathBuf>,

    /// The gateway to talk to [env: CLOSEDPAW_URL] [default: the one running on the data dir]
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,

    /// A file with the key to present, `-` for stdin; CLOSEDPAW_KEY may hold the key itself
    /// [default: the admin key]
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// How to print [default: table on a terminal, json in a pipe]
    #[arg(long, global = true, value_enum)]
    output: Option<Output>,
}

/// The form of a verb's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// One run of the program.
pub struct Session {
    /// The environment variables.
    pub environment: Environment,
    options: GlobalOptions,
}

impl Session {
    /// Takes the options of this run.
    pub fn new(options: GlobalOptions) -> Self {
        Self { environment: Environment::of_process(), options }
    }

    /// Finds the data dir, the keys dir and the config file.
    pub fn directories(&self) -> Result<Directories, Failure> {
        let flags = DirectoryFlags {
            data: self.options.data_dir.clone(),
            keys: self.options.keys_dir.clone(),
            config: self.options.config.clone(),
        };
        Ok(Directories::find(&self.environment, &flags)?)
    }

    /// The gateway that was named, if one was.
    pub fn url(&self) -> Option<String> {
        self.options.url.clone().or_else(|| self.environment.text("CLOSEDPAW_URL"))
    }

    /// The file that holds the key to present, if one was named.
    pub fn key_file(&self) -> Option<&PathBuf> {
        self.options.key_file.as_ref()
    }

    /// The form of output that was asked for, if any was.
    pub fn asked_output(&self) -> Option<Output> {
        self.options.output
    }

    /// Where output goes, in the form asked for or the one that fits who reads it.
    pub fn screen(&self) -> Screen {
        let fitting = if std::io::stdout().is_terminal() { Output::Table } else { Output::Json };
        Screen::new(self.options.output.unwrap_or(fitting))
    }
}
