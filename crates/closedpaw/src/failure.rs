//! How a command ends when it does not end well: one list of exit codes, and the sentence beside each.

use std::{
    fmt,
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use crate::cli::plain_text;

/// The exit codes that scripts can rely on. Success is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The request was made and failed, or a check did.
    Failed = 1,
    /// The command line or the settings are wrong, or the gateway runs already.
    Usage = 2,
    /// No gateway is running, or it can't be reached.
    NotRunning = 3,
    /// The gateway refused the key, or there is none to present.
    Unauthorized = 4,
    /// Ctrl-C.
    Interrupted = 130,
}

/// The exit codes as every help text ends with them.
pub const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    the request or a check failed
  2    the command line or the settings are wrong, or the gateway runs already
  3    no gateway is running, or it can't be reached
  4    the key was refused or is missing
  130  interrupted";

/// Why a command ends early.
#[derive(Debug)]
pub enum Failure {
    /// Something went wrong here; the sentence says what to do.
    Told(Exit, String),
    /// The gateway answered with an error.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The gateway's sentence.
        detail: String,
    },
    /// A finding already printed is the reason.
    Shown,
    /// Whoever read our output stopped reading, which is nobody's mistake.
    OutputClosed,
    /// Ctrl-C.
    Interrupted,
}

impl Failure {
    /// A request that failed, or anything else that is nobody's usage error.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Told(Exit::Failed, message.into())
    }

    /// A wrong command line or wrong settings.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Told(Exit::Usage, message.into())
    }

    /// No gateway to talk to.
    pub fn not_running(message: impl Into<String>) -> Self {
        Self::Told(Exit::NotRunning, message.into())
    }

    /// No key to present.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::Told(Exit::Unauthorized, message.into())
    }

    /// Prints the sentence to stderr, if there is one, and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let sentence = self.to_string();
        if matches!(self, Self::Interrupted) && io::stderr().is_terminal() {
            // What the terminal shows for Ctrl-C, and any unfinished answer, end with their line.
            let _nobody_listens = writeln!(io::stderr());
        }
        if !sentence.is_empty() {
            // Nobody is left to tell when stderr is closed.
            let _nobody_listens =
                writeln!(io::stderr(), "error: {}", plain_text::paragraphs(&sentence));
        }
        let exit = match self {
            Self::Told(exit, _) => *exit,
            Self::Refused { status: 401 | 403, .. } => Exit::Unauthorized,
            Self::Refused { .. } | Self::Shown => Exit::Failed,
            Self::Interrupted => Exit::Interrupted,
            Self::OutputClosed => return ExitCode::SUCCESS,
        };
        ExitCode::from(exit as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told(_, sentence) | Self::Refused { detail: sentence, .. } => {
                out.write_str(sentence)
            }
            Self::Shown | Self::OutputClosed | Self::Interrupted => Ok(()),
        }
    }
}

impl From<io::Error> for Failure {
    /// A failure to write our own output.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::failed(format!("cannot write the output: {error}"))
        }
    }
}

impl From<config::Faults> for Failure {
    fn from(faults: config::Faults) -> Self {
        Self::usage(faults.to_string())
    }
}
