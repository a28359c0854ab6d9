//! What is told about a call beside its answer.

use std::time::{Duration, Instant};

use canonical::Losses;
use http::{HeaderMap, HeaderName, HeaderValue};
use providers::{ProviderName, Refused};

use crate::{Refusal, resolve::Target};

/// What is told about a call beside its answer.
#[derive(Debug)]
pub struct About {
    /// The provider that was chosen.
    pub provider: ProviderName,
    /// The model that was asked.
    pub model: String,
    /// What could not be said in the provider's dialect, or of its answer in the caller's.
    pub losses: Losses,
    /// How often a provider was asked.
    pub attempts: u32,
    /// When the call was opened.
    pub opened: Instant,
    /// How long the provider was waited for: to the end of a whole answer, to the beginning of a stream.
    pub upstream: Duration,
    sent: Option<Instant>,
}

impl About {
    /// Begins to keep account of a call.
    pub(crate) fn of(target: &Target, opened: Instant) -> Self {
        Self {
            provider: target.provider.config().name.clone(),
            model: target.model.clone(),
            losses: Losses::default(),
            attempts: 0,
            opened,
            upstream: Duration::ZERO,
            sent: None,
        }
    }

    /// Counts an attempt that begins now.
    pub(crate) fn begin_attempt(&mut self) {
        self.attempts += 1;
        self.sent = Some(Instant::now());
    }

    /// Closes the account with what came of the call.
    pub(crate) fn settle<T>(mut self, outcome: Result<T, Refused>) -> Result<(Self, T), Refusal> {
        self.upstream = self.sent.map(|sent| sent.elapsed()).unwrap_or_default();
        match outcome {
            Ok(answer) => Ok((self, answer)),
            Err(refused) => Err(Refusal::of(refused, self)),
        }
    }

    /// The account as headers of the answer; a value that fits no header is left out.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let own = self.opened.elapsed().saturating_sub(self.upstream);
        let timing = format!(
            "gateway;dur={:.3}, upstream;dur={:.3}",
            milliseconds(own),
            milliseconds(self.upstream)
        );
        let dropped = Some(self.losses.to_string()).filter(|dropped| !dropped.is_empty());
        let told = [
            ("x-closedpaw-provider", Some(self.provider.to_string())),
            ("x-closedpaw-model", Some(self.model.clone())),
            ("x-closedpaw-attempts", Some(self.attempts.to_string())),
            ("server-timing", Some(timing)),
            ("x-closedpaw-dropped", dropped),
        ];
        let header = |(name, text): (&'static str, Option<String>)| {
            Some((HeaderName::from_static(name), HeaderValue::try_from(text?).ok()?))
        };
        told.into_iter().filter_map(header).collect()
    }
}
