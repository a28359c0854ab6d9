//! Admission to a provider: its rate, its limits and those of its models, and its queue.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use canonical::{ErrorKind, Fault};
use grants::Pattern;
use limits::{Admission, Limits, Measure, Meter, Reading, Shortage};

use crate::{NoTurn, Provider, ProviderConfig, Turn, Turnstile};

/// What has been used of a provider's limits, and who waits.
pub(crate) struct Gate {
    /// Counts chats against `rate_limit`.
    rate: Option<Arc<Meter>>,
    meter: Arc<Meter>,
    models: Vec<(Pattern, Arc<Meter>)>,
    turnstile: Option<Arc<Turnstile>>,
}

/// What of a change begins anew, even where it changes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Renewed {
    /// The window of `rate_limit`.
    pub(crate) rate: bool,
    /// Whatever is held against keys.
    pub(crate) keys: bool,
}

/// One of the meters of a request.
enum Subject<'a> {
    Rate,
    Provider,
    Models(&'a Pattern),
}

impl Gate {
    /// Makes a gate that nobody has passed.
    pub(crate) fn new(config: &ProviderConfig) -> Self {
        let meter = |limits| Arc::new(Meter::new(limits));
        let models = config.model_limits.iter();
        Self {
            rate: config.rate_limit.map(|limit| {
                meter(Limits { requests_per_minute: Some(limit), ..Limits::default() })
            }),
            meter: meter(without_concurrency(config.limits)),
            models: models.map(|(pattern, limits)| (pattern.clone(), meter(*limits))).collect(),
            turnstile: config.queue.turnstile(&config.limits).map(Arc::new),
        }
    }

    /// Goes on with what was counted under `old`, wherever the limit is the same as then.
    pub(crate) fn continue_from(&mut self, old: &Self, renewed: Renewed) {
        if !renewed.rate {
            self.rate.clone_from(&old.rate);
        }
        if self.meter.limits() == old.meter.limits() {
            self.meter = Arc::clone(&old.meter);
        }
        if self.turnstile.is_some() && old.turnstile.is_some() {
            self.turnstile.clone_from(&old.turnstile);
        }
        for (pattern, meter) in &mut self.models {
            let same = |(known, kept): &&(Pattern, Arc<Meter>)| {
                known == pattern && kept.limits() == meter.limits()
            };
            if let Some((_, kept)) = old.models.iter().find(same) {
                *meter = Arc::clone(kept);
            }
        }
    }

    /// What a request for `model` is counted by.
    fn meters(&self, model: &str) -> impl Iterator<Item = (Subject<'_>, &Arc<Meter>)> {
        let rate = self.rate.iter().map(|meter| (Subject::Rate, meter));
        let of_model = self.models.iter().filter(move |(pattern, _)| pattern.matches(model));
        let of_model = of_model.map(|(pattern, meter)| (Subject::Models(pattern), meter));
        std::iter::once((Subject::Provider, &self.meter)).chain(of_model).chain(rate)
    }
}

/// The limits that a meter counts: what may run at once is the turnstile's to say, where one can wait for it.
fn without_concurrency(limits: Limits) -> Limits {
    Limits { concurrency: None, ..limits }
}

impl Provider {
    /// Counts the start of a request for `model` that will use about `tokens` against every limit of the provider and
    /// of the model.
    ///
    /// # Errors
    ///
    /// Counts nothing, and says when to come back once a limit is reached.
    pub fn admit(&self, model: &str, tokens: u64, now: Instant) -> Result<Admission, Fault> {
        let admitted = limits::admit(&self.meters(model), tokens, now);
        admitted.map_err(|shortage| self.short_for(model, &shortage, tokens))
    }

    /// What [`Self::admit`] would refuse such a request with now. Counts nothing.
    #[must_use]
    pub fn shortage(&self, model: &str, tokens: u64, now: Instant) -> Option<Fault> {
        let shortage = limits::shortage(&self.meters(model), tokens, now)?;
        Some(self.short_for(model, &shortage, tokens))
    }

    fn meters(&self, model: &str) -> Vec<Arc<Meter>> {
        self.gate.meters(model).map(|(_, meter)| Arc::clone(meter)).collect()
    }

    fn short_for(&self, model: &str, shortage: &Shortage, tokens: u64) -> Fault {
        let subject = self.gate.meters(model).nth(shortage.meter);
        let subject = subject.map_or(Subject::Provider, |(subject, _)| subject);
        self.short_of(&subject, shortage, tokens)
    }

    /// Whether the tokens of a request for `model` count against a limit, so that they must be estimated.
    #[must_use]
    pub fn limits_tokens(&self, model: &str) -> bool {
        let mut meters = self.gate.meters(model);
        meters.any(|(_, meter)| meter.limits().tokens_per_minute.is_some())
    }

    /// Holds the queue to what is configured; those in it keep their places.
    pub(crate) fn apply_queue(&self) {
        if let Some(turnstile) = &self.gate.turnstile {
            self.config().queue.apply(&self.config().limits, turnstile);
        }
    }

    /// What a caller is told of a limit that is reached.
    fn short_of(&self, subject: &Subject<'_>, shortage: &Shortage, tokens: u64) -> Fault {
        let (name, limit) = (&self.config().name, shortage.limit);
        let limited = match subject {
            Subject::Rate | Subject::Provider => format!("Provider {name} is limited to {limit}"),
            Subject::Models(pattern) => {
                format!("Model {pattern} of provider {name} is limited to {limit}")
            }
        };
        let measure = match (subject, shortage.of) {
            (Subject::Rate, _) => "chats a minute",
            (_, Measure::Requests) => "requests a minute",
            (_, Measure::Tokens) => "tokens a minute",
            (_, Measure::Concurrency) => "requests at once",
        };
        let (kind, advice) = match shortage.wait {
            Some(wait) => {
                let advice = format!("come back in {} s", wait.as_secs_f64().ceil());
                (ErrorKind::RateLimited, advice)
            }
            // No wait helps, so none is told.
            None => (
                ErrorKind::TooLarge,
                format!(
                    "this request alone may need {tokens}, so shorten it, or let the answer have fewer"
                ),
            ),
        };
        Fault::new(kind, format!("{limited} {measure}: {advice}")).with_retry_after(shortage.wait)
    }

    /// Waits for a turn, where the provider can only serve so many at once.
    ///
    /// # Errors
    ///
    /// Fails when the turn would come too late.
    pub async fn turn(&self, caller: &str) -> Result<Option<Turn>, NoTurn> {
        match &self.gate.turnstile {
            Some(turnstile) => turnstile.pass(caller).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether a request would have to wait for its turn.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.gate.turnstile.as_ref().is_some_and(|turnstile| turnstile.is_full())
    }

    /// Requests that wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.gate.turnstile.as_ref().map_or(0, |turnstile| turnstile.waiting())
    }

    /// What has been used of the provider's limits. Requests that wait for their turn count as running.
    #[must_use]
    pub fn reading(&self, now: Instant) -> Reading {
        Reading { concurrency: self.config().limits.concurrency, ..self.gate.meter.read(now) }
    }

    /// What has been used of its models' limits, by the patterns that these are set for.
    #[must_use]
    pub fn model_readings(&self, now: Instant) -> BTreeMap<&Pattern, Reading> {
        self.gate.models.iter().map(|(pattern, meter)| (pattern, meter.read(now))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use limits::Measure::{Concurrency, Requests, Tokens};
    use serde_json::json;
    use upstream::Egress;

    use super::*;
    use crate::Registration;

    fn provider() -> Provider {
        let description = json!({ "name": "p", "provider_type": "ollama" });
        let registration: Registration = serde_json::from_value(description).unwrap();
        let egress = Arc::new(Egress::new());
        Provider::new(registration.check(&egress).unwrap(), &egress).unwrap()
    }

    #[test]
    fn the_sentence_names_what_is_limited_and_when_to_come_back() {
        let (provider, models) = (provider(), Pattern::parse("gpt-*").unwrap());
        let wait = Some(Duration::from_millis(1_500));
        for (subject, of, wait, sentence) in [
            (
                Subject::Rate,
                Requests,
                wait,
                "Provider p is limited to 7 chats a minute: come back in 2 s",
            ),
            (
                Subject::Provider,
                Requests,
                wait,
                "Provider p is limited to 7 requests a minute: come back in 2 s",
            ),
            (
                Subject::Models(&models),
                Tokens,
                wait,
                "Model gpt-* of provider p is limited to 7 tokens a minute: come back in 2 s",
            ),
            (
                Subject::Models(&models),
                Concurrency,
                wait,
                "Model gpt-* of provider p is limited to 7 requests at once: come back in 2 s",
            ),
            (
                Subject::Provider,
                Tokens,
                None,
                "Provider p is limited to 7 tokens a minute: this request alone may need 9, so \
                 shorten it, or let the answer have fewer",
            ),
        ] {
            let shortage = Shortage { meter: 0, of, limit: 7, wait };
            let fault = provider.short_of(&subject, &shortage, 9);
            let kind = wait.map_or(ErrorKind::TooLarge, |_| ErrorKind::RateLimited);
            assert_eq!((fault.kind, fault.retry_after), (kind, wait));
            assert_eq!(fault.public, sentence);
        }
    }
}
