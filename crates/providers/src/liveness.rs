//! Whether a local server that keeps a request waiting is slow or dead.
//!
//! A server that loads a model, or reads a long prompt, says nothing of the request for minutes and still answers other
//! questions. One that hangs, or whose machine is gone, answers none.

use std::time::Duration;

use canonical::{ErrorKind, Fault};
use tokio::time::{sleep, timeout};
use upstream::Network;

use crate::Provider;

/// How long a request waits before its provider is asked whether it lives, and again after each sign of life.
const EVERY: Duration = Duration::from_secs(5);
/// How long the answer may take.
const LIMIT: Duration = Duration::from_secs(2);
/// Questions in a row without an answer, after which the server counts as dead.
const MOST_UNANSWERED: u32 = 2;

/// What one question showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// It answered, whatever it said.
    Alive,
    /// It did not answer.
    Silent,
    /// Nothing listens there any more.
    Gone,
}

impl Provider {
    /// Ends when the provider shows itself dead, rather than slow, while a first byte is waited for: a local server
    /// that loads a model answers other questions meanwhile. Never ends for others.
    pub async fn death(&self) -> Fault {
        match self.config().network {
            Network::Public => std::future::pending().await,
            Network::Local => {
                let mut watch = Watch::default();
                loop {
                    sleep(watch.pause()).await;
                    if watch.shows_death(self.sign().await) {
                        return dead();
                    }
                }
            }
        }
    }

    /// Asks for something cheap.
    async fn sign(&self) -> Sign {
        let asked = self.read_by(0, self.codec().liveness_target());
        match timeout(LIMIT, asked).await {
            Ok(Ok(_)) => Sign::Alive,
            Ok(Err(fault)) => sign_of(&fault),
            Err(_) => Sign::Silent,
        }
    }
}

/// What a question that failed shows.
fn sign_of(fault: &Fault) -> Sign {
    match fault.kind {
        // Any status at all is an answer.
        _ if fault.upstream_status.is_some() => Sign::Alive,
        ErrorKind::Unreachable => Sign::Gone,
        ErrorKind::Timeout | ErrorKind::UpstreamFailed | ErrorKind::Truncated => Sign::Silent,
        ErrorKind::InvalidRequest
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::TooLarge
        | ErrorKind::Unprocessable
        | ErrorKind::KeyRefused
        | ErrorKind::QuotaExhausted
        | ErrorKind::RateLimited
        | ErrorKind::Overloaded
        | ErrorKind::Malformed
        | ErrorKind::Internal => Sign::Alive,
    }
}

/// What the questions showed so far.
#[derive(Default)]
struct Watch {
    /// Questions in a row without an answer.
    unanswered: u32,
}

impl Watch {
    /// How long to wait before the next question: none after one without an answer.
    fn pause(&self) -> Duration {
        if self.unanswered == 0 { EVERY } else { Duration::ZERO }
    }

    /// Takes a sign into account, and says whether there is no hope left.
    fn shows_death(&mut self, sign: Sign) -> bool {
        self.unanswered = match sign {
            Sign::Alive => 0,
            Sign::Silent => self.unanswered + 1,
            Sign::Gone => MOST_UNANSWERED,
        };
        self.unanswered >= MOST_UNANSWERED
    }
}

fn dead() -> Fault {
    Fault::new(
        ErrorKind::Timeout,
        "it answers nothing any more, not even what costs nothing: check that it runs",
    )
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// How long a server is waited for that shows these signs, and then the last one for ever.
    async fn given_up_after(signs: &[Sign]) -> Option<Duration> {
        let began = Instant::now();
        let mut signs = signs.iter().copied().peekable();
        let mut last = Sign::Alive;
        let watching = async {
            let mut watch = Watch::default();
            loop {
                sleep(watch.pause()).await;
                last = signs.next().unwrap_or(last);
                if last == Sign::Silent {
                    sleep(LIMIT).await;
                }
                if watch.shows_death(last) {
                    return;
                }
            }
        };
        timeout(HOUR, watching).await.ok().map(|()| began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn who_answers_is_waited_for_and_who_is_silent_twice_is_not() {
        use Sign::{Alive, Gone, Silent};
        for (signs, expected_s) in [
            ([Alive].as_slice(), None),
            (&[Alive, Silent, Alive], None),
            (&[Silent, Alive, Silent, Alive], None),
            (&[Silent], Some(9)),
            (&[Alive, Alive, Silent], Some(19)),
            (&[Gone], Some(5)),
            (&[Silent, Gone], Some(7)),
            (&[Alive, Gone], Some(10)),
        ] {
            let expected = expected_s.map(Duration::from_secs);
            assert_eq!(given_up_after(signs).await, expected, "{signs:?}");
        }
    }
}
