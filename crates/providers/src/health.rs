//! A provider's health: a real probe that costs no tokens.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use canonical::{ErrorKind, Fault};
use http::Method;
use tokio::sync::Mutex;

use crate::{Provider, ProviderType, models::within};

/// How long a probe may take, unless the provider's own timeout is less.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// How old a report may be and still be told again.
const REUSED_FOR: Duration = Duration::from_secs(5);
/// A probe's answer is a list of models; one longer than this is refused.
const MOST_PROBE_BYTES: usize = 8 * 1024 * 1024;

/// The last report, which probes wait for in turn.
#[derive(Default)]
pub(crate) struct HealthCheck {
    last: Mutex<Option<(Instant, Health)>>,
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// The finding.
    pub state: HealthState,
    /// When the probe began.
    pub checked_at: SystemTime,
    /// How long it took.
    pub latency: Duration,
    /// What went wrong, unless the provider is up.
    pub fault: Option<Fault>,
}

/// The findings that people act on differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// It answers and accepts the key.
    Up,
    /// It answers that we ask too much: alive.
    RateLimited,
    /// It answers, but refuses the key or lacks one.
    KeyRefused,
    /// It answers with a failure, or not in its own language.
    Failing,
    /// It can't be reached, or not in time.
    Unreachable,
}

impl HealthState {
    /// The name used in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::RateLimited => "rate_limited",
            Self::KeyRefused => "key_refused",
            Self::Failing => "failing",
            Self::Unreachable => "unreachable",
        }
    }

    /// Whether a chat has a chance.
    #[must_use]
    pub const fn is_healthy(self) -> bool {
        match self {
            Self::Up | Self::RateLimited => true,
            Self::KeyRefused | Self::Failing | Self::Unreachable => false,
        }
    }
}

impl Provider {
    /// Probes the provider, or tells a report that is younger than five seconds again.
    ///
    /// Takes no longer than its limit, whoever else is probing.
    pub async fn health(&self) -> Health {
        let limit = PROBE_LIMIT.min(self.config().timeout());
        let (checked_at, began) = (SystemTime::now(), Instant::now());
        let in_turn = async {
            let mut last = self.health.last.lock().await;
            if let Some((when, health)) = &*last
                && when.elapsed() < REUSED_FOR
            {
                return health.clone();
            }
            let outcome = self.probe(limit.saturating_sub(began.elapsed())).await;
            let health = Health::of(outcome, checked_at, began.elapsed());
            *last = Some((Instant::now(), health.clone()));
            health
        };
        tokio::time::timeout(limit, in_turn).await.unwrap_or_else(|_| {
            let sentence = format!("no answer within {} s", limit.as_secs_f64());
            let late = Err(Fault::new(ErrorKind::Timeout, sentence));
            Health::of(late, checked_at, began.elapsed())
        })
    }

    /// Asks for the cheapest answer that proves the provider alive and the key accepted.
    async fn probe(&self, limit: Duration) -> Result<(), Fault> {
        let key_check = self.config().settings.preset.and_then(|preset| preset.key_check);
        let target = key_check.unwrap_or(self.codec().probe_target());
        let answer = self.ask(Method::GET, target, Bytes::new(), within(limit)).await;
        let without_list =
            !self.config().lists_models() || self.config().provider_type == ProviderType::Custom;
        match answer {
            Ok(reply) => {
                let body = reply.body.collect(MOST_PROBE_BYTES).await?;
                if key_check.is_some() {
                    return Ok(());
                }
                self.codec().decode_models(&body).map(drop).map_err(|malformed| {
                    let sentence =
                        format!("it answers, but not with a list of models: {malformed}");
                    Fault::new(ErrorKind::Malformed, sentence)
                })
            }
            Err(fault) if without_list && matches!(fault.upstream_status, Some(404 | 405)) => {
                Ok(())
            }
            Err(fault) => Err(fault),
        }
    }
}

impl Health {
    /// Sums up how a probe went.
    fn of(outcome: Result<(), Fault>, checked_at: SystemTime, latency: Duration) -> Self {
        let fault = outcome.err();
        let state = fault.as_ref().map_or(HealthState::Up, state_of);
        Self { state, checked_at, latency, fault }
    }
}

/// What a failed probe says about the provider.
fn state_of(fault: &Fault) -> HealthState {
    match fault.kind {
        ErrorKind::RateLimited => HealthState::RateLimited,
        ErrorKind::KeyRefused | ErrorKind::QuotaExhausted => HealthState::KeyRefused,
        ErrorKind::InvalidRequest if fault.upstream_status.is_none() => HealthState::KeyRefused,
        ErrorKind::Unreachable | ErrorKind::Timeout if fault.upstream_status.is_none() => {
            HealthState::Unreachable
        }
        ErrorKind::InvalidRequest
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::TooLarge
        | ErrorKind::Unprocessable
        | ErrorKind::Overloaded
        | ErrorKind::UpstreamFailed
        | ErrorKind::Unreachable
        | ErrorKind::Timeout
        | ErrorKind::Truncated
        | ErrorKind::Malformed
        | ErrorKind::Internal => HealthState::Failing,
    }
}
