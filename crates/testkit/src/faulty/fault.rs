//! What can go wrong with a provider.

use std::time::{Duration, Instant};

/// What goes wrong with every chat.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Connections are refused, and those that are open are reset.
    Dark,
    /// The connection is reset once the request has come, before a byte of the answer.
    ResetBeforeHead,
    /// Nothing is answered until the caller hangs up.
    NoHead,
    /// The answer breaks off after some frames and some bytes of the next one. A whole answer breaks off half way.
    Break {
        /// Frames that are sent whole.
        frames: usize,
        /// Bytes of the next frame that are sent; fewer than it has.
        bytes: usize,
        /// What comes then.
        ending: Ending,
    },
    /// The answer comes byte by byte, with this pause before each.
    Trickle(Duration),
    /// Another status than 200, with an error in OpenAI's shape.
    Status {
        /// The status.
        status: u16,
        /// Headers beside it, `retry-after` for one.
        headers: Vec<(String, String)>,
    },
    /// Another fault, in turns with none; first it is on.
    Flapping {
        /// What goes wrong while it is on.
        fault: Box<Fault>,
        /// With how many of a hundred chats.
        percent: u32,
        /// How long it is on.
        on: Duration,
        /// How long it is off.
        off: Duration,
    },
}

/// How an answer ends that breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The framing's end, without the dialect's.
    Terminated,
    /// The connection is closed between two chunks, though the framing promises more.
    Closed,
    /// The connection is closed within a chunk.
    TruncatedChunk,
    /// HTTP/1.0: the connection's end is the body's.
    CloseDelimited,
    /// The connection is reset.
    Reset,
    /// Nothing more comes until the caller hangs up.
    Silence,
}

impl Fault {
    /// A status without further headers.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status { status, headers: Vec::new() }
    }

    /// A status 429 that says when to come again, in any spelling.
    #[must_use]
    pub fn limited(retry_after: &str) -> Self {
        let headers = vec![("retry-after".to_owned(), retry_after.to_owned())];
        Self::Status { status: 429, headers }
    }

    /// Silence after some frames and some bytes of the next.
    #[must_use]
    pub fn stall(frames: usize, bytes: usize) -> Self {
        Self::Break { frames, bytes, ending: Ending::Silence }
    }

    pub(super) fn is_dark(&self) -> bool {
        *self == Self::Dark
    }

    /// What goes wrong with the chat of this number, which comes now; it began to at `since`.
    pub(super) fn of(&self, number: usize, since: Instant) -> &Self {
        match self {
            Self::Flapping { fault, percent, on, off } => {
                let period = (*on + *off).as_millis().max(1);
                let is_on = since.elapsed().as_millis() % period < on.as_millis();
                if is_on && die(number) < *percent { fault } else { &Self::None }
            }
            Self::None
            | Self::Dark
            | Self::ResetBeforeHead
            | Self::NoHead
            | Self::Break { .. }
            | Self::Trickle(_)
            | Self::Status { .. } => self,
        }
    }
}

/// A number below 100 that is the same for the same chat, and looks like chance over many.
fn die(number: usize) -> u32 {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    u32::try_from((mixed >> 33) % 100).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_of_a_hundred_fail() {
        let count = (0..10_000).filter(|number| die(*number) < 50).count();
        assert!((4800..5200).contains(&count), "{count}");
        let longest = (0..200).map(die).collect::<Vec<_>>();
        assert!(longest.windows(5).any(|run| run.iter().all(|die| *die < 50)), "like chance");
    }

    #[test]
    fn flapping_is_on_first_and_then_off() {
        let hour = Duration::from_secs(3600);
        let fault = Box::new(Fault::status(500));
        let flapping = |on, off| Fault::Flapping { fault: fault.clone(), percent: 100, on, off };
        assert_eq!(flapping(hour, hour).of(0, Instant::now()), &Fault::status(500));
        assert_eq!(flapping(Duration::ZERO, hour).of(0, Instant::now()), &Fault::None);
    }
}
