//! Turns Ctrl-C and SIGTERM into an error, so that everything started is dropped on the way out.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;

/// A signal belongs to the process, and so does the flag that remembers it.
static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Somebody asked this process to stop.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Remembers every signal from here on instead of dying of it.
pub fn watch() -> Result<()> {
    Ok(ctrlc::set_handler(|| REQUESTED.store(true, Ordering::Relaxed))?)
}

/// Fails with [`Interrupted`] once a signal has come. Every wait calls it.
pub fn check() -> Result<()> {
    if REQUESTED.load(Ordering::Relaxed) { Err(Interrupted.into()) } else { Ok(()) }
}
