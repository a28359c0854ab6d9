//! Admission to a provider: its rate, its limits and those of its models, and its queue.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use canonical::{ErrorKind, Fault};
use grants::Pattern;
use limits::{Admission, Limits, Measure, Meter, Reading, Shortage, SlidingWindow};

use crate::{NoTurn, Provider, ProviderConfig, Turn, Turnstile};

/// The span that `rate_limit` counts over.
const RATE_SPAN: Duration = Duration::from_secs(60);

/// What has been used of a provider's limits, and who waits.
pub(crate) struct Gate {
    rate: Option<Arc<Mutex<SlidingWindow>>>,
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

impl Gate {
    /// Makes a gate that nobody has passed.
    pub(crate) fn new(config: &ProviderConfig) -> Self {
        let models = config.model_limits.iter();
        let window = |limit| Arc::new(Mutex::new(SlidingWindow::new(limit, RATE_SPAN)));
        Self {
            rate: config.rate_limit.map(window),
            meter: Arc::new(Meter::new(without_concurrency(config.limits))),
            models: models
                .map(|(pattern, limits)| (pattern.clone(), Arc::new(Meter::new(*limits))))
                .collect(),
            turnstile: config.queue.turnstile(&config.limits).map(Arc::new),
        }
    }

    /// Goes on with what was counted under `old`, wherever the limit is the same as then.
    pub(crate) fn continue_from(
        &mut self,
        old: &Self,
        (new_config, old_config): (&ProviderConfig, &ProviderConfig),
        renewed: Renewed,
    ) {
        if !renewed.rate {
            self.rate.clone_from(&old.rate);
        }
        if new_config.limits == old_config.limits {
            self.meter = Arc::clone(&old.meter);
            if new_config.queue == old_config.queue {
                self.turnstile.clone_from(&old.turnstile);
            }
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
}

/// The limits that a meter counts: what may run at once is the turnstile's to say, where one can wait for it.
fn without_concurrency(limits: Limits) -> Limits {
    Limits { concurrency: None, ..limits }
}

impl Provider {
    /// Counts the start of a chat against `rate_limit`.
    ///
    /// # Errors
    ///
    /// Says when to come back once the limit is reached.
    pub fn admit_chat(&self, now: Instant) -> Result<(), Fault> {
        let Some(rate) = &self.gate.rate else { return Ok(()) };
        let mut window = rate.lock().unwrap_or_else(PoisonError::into_inner);
        window.try_start(now).map_err(|wait| {
            let limit = self.config().rate_limit.unwrap_or_default();
            limited(
                &format!("Provider {}", self.config().name),
                limit.into(),
                "chats a minute",
                wait,
            )
        })
    }

    /// Counts the start of a request for `model` that will use about `tokens` against every limit of the provider and
    /// of the model.
    ///
    /// # Errors
    ///
    /// Counts nothing, and says when to come back once a limit is reached.
    pub fn admit(&self, model: &str, tokens: u64, now: Instant) -> Result<Admission, Fault> {
        let of_model = || self.gate.models.iter().filter(|(pattern, _)| pattern.matches(model));
        let mut meters = vec![Arc::clone(&self.gate.meter)];
        meters.extend(of_model().map(|(_, meter)| Arc::clone(meter)));
        match limits::admit(&meters, tokens, now) {
            Ok(admission) => match self.admit_chat(now) {
                Ok(()) => Ok(admission),
                Err(fault) => {
                    admission.retract();
                    Err(fault)
                }
            },
            Err(shortage) => {
                let name = &self.config().name;
                let pattern = shortage.meter.checked_sub(1).and_then(|index| of_model().nth(index));
                let subject = match pattern {
                    Some((pattern, _)) => format!("Model {pattern} of provider {name}"),
                    None => format!("Provider {name}"),
                };
                Err(self.short_of(&subject, &shortage, tokens, now))
            }
        }
    }

    /// What a caller is told of a limit that is reached. Whoever waits as long as it says finds the rate free as well.
    fn short_of(&self, subject: &str, shortage: &Shortage, tokens: u64, now: Instant) -> Fault {
        let Some(wait) = shortage.wait else {
            let sentence = format!(
                "{subject} is limited to {} tokens a minute, and this request alone may need {tokens}: \
                 shorten it, or let the answer have fewer",
                shortage.limit,
            );
            return Fault::new(ErrorKind::RateLimited, sentence);
        };
        let measure = match shortage.of {
            Measure::Requests => "requests a minute",
            Measure::Tokens => "tokens a minute",
            Measure::Concurrency => "requests at once",
        };
        let rate = self.gate.rate.as_ref();
        let rate = rate.map(|rate| rate.lock().unwrap_or_else(PoisonError::into_inner).wait(now));
        limited(subject, shortage.limit, measure, wait.max(rate.unwrap_or_default()))
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

/// What is said of a limit that is reached.
fn limited(subject: &str, limit: u64, measure: &str, wait: Duration) -> Fault {
    let seconds = wait.as_secs_f64().ceil();
    let sentence = format!("{subject} is limited to {limit} {measure}: come back in {seconds} s");
    Fault::new(ErrorKind::RateLimited, sentence).with_retry_after(Some(wait))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use limits::Measure::{Concurrency, Requests, Tokens};
    use serde_json::json;
    use upstream::Egress;

    use super::*;
    use crate::Registration;

    fn provider(members: serde_json::Value) -> Provider {
        let mut description = json!({ "name": "p", "provider_type": "ollama" });
        description.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let registration: Registration = serde_json::from_value(description).unwrap();
        let egress = Arc::new(Egress::new());
        Provider::new(registration.check(&egress).unwrap(), &egress).unwrap()
    }

    #[test]
    fn the_sentence_names_what_is_limited_and_when_to_come_back() {
        let provider = provider(json!({}));
        let wait = Some(Duration::from_millis(1_500));
        for (of, wait, sentence) in [
            (Requests, wait, "Provider p is limited to 7 requests a minute: come back in 2 s"),
            (Tokens, wait, "Provider p is limited to 7 tokens a minute: come back in 2 s"),
            (Concurrency, wait, "Provider p is limited to 7 requests at once: come back in 2 s"),
            (
                Tokens,
                None,
                "Provider p is limited to 7 tokens a minute, and this request alone may need 9: \
                 shorten it, or let the answer have fewer",
            ),
        ] {
            let shortage = Shortage { meter: 0, of, limit: 7, wait };
            let fault = provider.short_of("Provider p", &shortage, 9, Instant::now());
            assert_eq!((fault.kind, fault.retry_after), (ErrorKind::RateLimited, wait));
            assert_eq!(fault.public, sentence);
        }
    }

    #[test]
    fn whoever_waits_as_long_as_told_finds_the_rate_free_as_well() {
        let provider = provider(json!({ "rate_limit": 1 }));
        let now = Instant::now();
        provider.admit_chat(now).unwrap();
        let shortage =
            Shortage { meter: 0, of: Requests, limit: 7, wait: Some(Duration::from_secs(5)) };
        let fault = provider.short_of("Provider p", &shortage, 9, now);
        assert_eq!(fault.retry_after, Some(RATE_SPAN));
        let later = now + RATE_SPAN - Duration::from_secs(3);
        let fault = provider.short_of("Provider p", &shortage, 9, later);
        assert_eq!(fault.retry_after, Some(Duration::from_secs(5)));
    }
}
