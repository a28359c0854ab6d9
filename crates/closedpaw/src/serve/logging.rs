//! The log on stderr: text for people or JSON for machines, at a level that can change while we run.

use std::io::{self, IsTerminal as _};

use config::{Environment, Format, Level, Log};
use tracing_subscriber::{
    Layer as _, Registry, filter::LevelFilter, fmt, layer::SubscriberExt as _, reload,
    util::SubscriberInitExt as _,
};

use crate::serve::log_pipe::LogPipe;

/// Changes the level of the running log.
pub struct LogLevel(reload::Handle<LevelFilter, Registry>);

impl LogLevel {
    /// Logs from `level` on.
    pub fn set(&self, level: Level) {
        // Fails only when the log is gone, and then nobody is to be told.
        let _no_log_no_level = self.0.reload(filter(level));
    }
}

/// Starts the log of this process, which goes through `pipe`.
pub fn start(environment: &Environment, log: &Log, pipe: &LogPipe) -> LogLevel {
    let (level, handle) = reload::Layer::new(filter(*log.level));
    let lines = fmt::layer().with_writer(pipe.clone());
    let lines = match *log.format {
        Format::Json => lines.json().flatten_event(true).boxed(),
        Format::Text => {
            let colours = io::stderr().is_terminal() && environment.text("NO_COLOR").is_none();
            lines.with_ansi(colours).with_target(false).boxed()
        }
    };
    // Another log is there only in a test that starts two, and that one will do.
    let _already_logging = tracing_subscriber::registry().with(lines.with_filter(level)).try_init();
    LogLevel(handle)
}

fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}
