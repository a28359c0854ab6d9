//! How long each phase of an attempt may take.

use std::time::Duration;

use canonical::{ErrorKind, Fault};
use tokio::time::Instant;

/// The limits of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// For a connection to be ready: name lookup, TCP and TLS, or one from the pool.
    pub connect: Duration,
    /// From then until the answer's head is there.
    pub first_byte: Duration,
    /// Between two pieces of the answer's body.
    pub idle: Duration,
    /// For the whole attempt, up to the last byte.
    pub total: Duration,
}

impl Default for Deadlines {
    /// 5 s to connect, 60 s to begin, 60 s between two pieces, 30 min in all.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(30 * 60),
        }
    }
}

/// What an attempt is waiting for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    Connect,
    FirstByte,
    Idle,
}

/// The deadlines of an attempt that has begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    deadlines: Deadlines,
    started: Instant,
}

impl Clock {
    pub(crate) fn start(deadlines: Deadlines) -> Self {
        Self { deadlines, started: Instant::now() }
    }

    /// Waits for `work` as long as the phase, which begins now, and the whole attempt allow.
    pub(crate) async fn within<T>(
        &self,
        phase: Phase,
        work: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        self.within_since(Instant::now(), phase, work).await
    }

    /// Waits for `work` as long as the phase, which began at `since`, and the whole attempt allow.
    pub(crate) async fn within_since<T>(
        &self,
        since: Instant,
        phase: Phase,
        work: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let limit = match phase {
            Phase::Connect => self.deadlines.connect,
            Phase::FirstByte => self.deadlines.first_byte,
            Phase::Idle => self.deadlines.idle,
        };
        let phase_left = limit.saturating_sub(since.elapsed());
        let left = self.deadlines.total.saturating_sub(self.started.elapsed());
        // A timeout polls the work first, so an endless stream that is always ready would never end.
        if left.is_zero() {
            return Err(self.overrun());
        }
        tokio::time::timeout(phase_left.min(left), work)
            .await
            .map_err(|_| if phase_left < left { overdue(phase, limit) } else { self.overrun() })
    }

    fn overrun(&self) -> Fault {
        let total = self.deadlines.total;
        Fault::new(
            ErrorKind::Timeout,
            format!("the provider did not finish its answer within {total:?}: raise its timeout"),
        )
    }
}

fn overdue(phase: Phase, limit: Duration) -> Fault {
    let sentence = match phase {
        Phase::Connect => format!("the provider accepted no connection within {limit:?}"),
        Phase::FirstByte => format!("the provider did not begin to answer within {limit:?}"),
        Phase::Idle => format!("the provider sent nothing more for {limit:?}"),
    };
    Fault::new(ErrorKind::Timeout, sentence)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_shorter_limit_is_named() {
        let clock =
            Clock::start(Deadlines { total: Duration::from_secs(90), ..Deadlines::default() });
        let fault = clock.within(Phase::Idle, pending::<()>()).await.unwrap_err();
        assert_eq!(fault.public, "the provider sent nothing more for 60s");
        let fault = clock.within(Phase::Idle, pending::<()>()).await.unwrap_err();
        assert!(fault.public.contains("within 90s"), "{fault}");
        assert_eq!(clock.started.elapsed(), Duration::from_secs(90));
    }

    #[tokio::test(start_paused = true)]
    async fn a_phase_goes_on_where_it_was_left() {
        let clock = Clock::start(Deadlines::default());
        let since = Instant::now();
        let half = Duration::from_secs(30);
        let wait = || clock.within_since(since, Phase::Idle, pending::<()>());
        assert!(tokio::time::timeout(half, wait()).await.is_err());
        assert_eq!(wait().await.unwrap_err().public, "the provider sent nothing more for 60s");
        assert_eq!(since.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_is_always_ready_is_stopped_too() {
        let clock = Clock::start(Deadlines::default());
        tokio::time::advance(Duration::from_secs(30 * 60)).await;
        assert!(clock.within(Phase::Idle, ready(())).await.is_err());
    }
}
