//! The way of log lines to stderr: through a bounded buffer, so that a reader who stops reading stops no request.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that wait.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What the lines that wait at the end have to go out.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The way of log lines to wherever they go. Lines that find no room are dropped and counted.
#[derive(Clone, Debug, Default)]
pub struct LogPipe(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// The thread has lines in hand.
    writing: bool,
    dropped: u64,
}

impl LogPipe {
    /// Starts to write to `out`, on a thread that lives as long as the process.
    ///
    /// # Errors
    ///
    /// Fails when the operating system gives no thread.
    pub fn to(mut out: impl Write + Send + 'static) -> io::Result<Self> {
        let pipe = Self::default();
        let shared = Arc::clone(&pipe.0);
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            loop {
                let lines = shared.take();
                // Nobody is left to be told that nobody reads.
                let _nobody_reads = out.write_all(&lines).and_then(|()| out.flush());
            }
        })?;
        Ok(pipe)
    }

    /// Lines that were dropped because nobody took them in time.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.state().dropped
    }

    /// Waits until everything is written, but not for long.
    pub fn flush(&self) {
        let busy = |state: &mut State| state.writing || !state.waiting.is_empty();
        let state = self.0.state();
        let _in_time = self.0.changed.wait_timeout_while(state, LAST_LINES, busy);
    }
}

/// Writes what waits when it is dropped.
pub struct LastLines(pub LogPipe);

impl Drop for LastLines {
    fn drop(&mut self) {
        self.0.flush();
    }
}

impl Shared {
    /// Waits for lines and takes them all.
    fn take(&self) -> Vec<u8> {
        let mut state = self.state();
        state.writing = false;
        self.changed.notify_all();
        let empty = |state: &mut State| state.waiting.is_empty();
        let waited = self.changed.wait_while(state, empty);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.writing = true;
        std::mem::take(&mut state.waiting)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for LogPipe {
    /// Takes one whole line, or none of it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.0.state();
        if state.waiting.len() + line.len() > MOST_BYTES {
            state.dropped += 1;
        } else {
            state.waiting.extend_from_slice(line);
            self.0.changed.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogPipe {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A reader who reads only what the test lets through.
    struct Gated {
        gate: Receiver<()>,
        read: Sender<Vec<u8>>,
    }

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.gate.recv().map_err(io::Error::other)?;
            self.read.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_stops_holds_up_nobody_and_gets_whole_lines_later() {
        let (open, gate) = channel();
        let (read, was_read) = channel();
        let mut pipe = LogPipe::to(Gated { gate, read }).unwrap();
        let line = [b'x'; 1024];
        let lines = 20_000;
        for _ in 0..lines {
            assert_eq!(pipe.write(&line).unwrap(), line.len());
        }
        assert!(pipe.0.state().waiting.len() <= MOST_BYTES);
        let dropped = pipe.dropped();
        // The thread may hold what it took before the buffer was full.
        let most_kept = 2 * (MOST_BYTES / line.len()) as u64;
        assert!((lines - most_kept..lines).contains(&dropped), "{dropped} of {lines}");

        for _ in 0..2 {
            open.send(()).unwrap();
        }
        pipe.flush();
        let bytes: usize = was_read.try_iter().map(|bytes| bytes.len()).sum();
        assert_eq!(bytes as u64, (lines - dropped) * line.len() as u64);
    }

    #[test]
    fn lines_come_in_order() {
        let (open, gate) = channel();
        let (read, was_read) = channel();
        let mut pipe = LogPipe::to(Gated { gate, read }).unwrap();
        for number in 0..1000 {
            open.send(()).unwrap();
            writeln!(pipe, "{number}").unwrap();
        }
        pipe.flush();
        let read: Vec<u8> = was_read.try_iter().flatten().collect();
        let expected: String = (0..1000).map(|number| format!("{number}\n")).collect();
        assert_eq!(String::from_utf8(read).unwrap(), expected);
        assert_eq!(pipe.dropped(), 0);
    }
}
