//! What is told about a call beside its answer.

use std::time::{Duration, Instant};

use canonical::Losses;
use http::{HeaderMap, HeaderName, HeaderValue};
use providers::ProviderName;

use crate::{Candidates, Target};

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
    /// Which snapshot of providers and routes the call sees.
    pub generation: u64,
    /// The route that its model's name is, if it is one.
    pub route: Option<String>,
    /// How long the provider was waited for: to the end of a whole answer, to the beginning of a stream.
    pub upstream: Duration,
    sent: Option<Instant>,
}

impl About {
    /// Begins to keep account of a call.
    pub(crate) fn of(
        target: &Target,
        candidates: &Candidates,
        generation: u64,
        opened: Instant,
    ) -> Self {
        Self {
            generation,
            route: candidates.route.as_ref().map(|route| route.name.clone()),
            provider: target.provider.config().name.clone(),
            model: target.model.clone(),
            losses: Losses::default(),
            attempts: 0,
            opened,
            upstream: Duration::ZERO,
            sent: None,
        }
    }

    /// Notes that the provider is asked now, and for which time.
    pub(crate) fn begin_attempt(&mut self, attempts: u32) {
        self.attempts = attempts;
        self.sent = Some(Instant::now());
    }

    /// Notes that the provider has answered, or failed to.
    pub(crate) fn end_attempt(&mut self) {
        self.upstream = self.sent.map(|sent| sent.elapsed()).unwrap_or_default();
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
            ("x-closedpaw-route", self.route.clone()),
            ("x-closedpaw-generation", Some(self.generation.to_string())),
            ("server-timing", Some(timing)),
            ("x-closedpaw-dropped", dropped),
        ];
        let header = |(name, text): (&'static str, Option<String>)| {
            Some((HeaderName::from_static(name), HeaderValue::try_from(text?).ok()?))
        };
        told.into_iter().filter_map(header).collect()
    }
}
