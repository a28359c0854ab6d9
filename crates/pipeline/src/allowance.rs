//! Admission by the limits of the caller's key and project, and what is left of them.

use std::{sync::Arc, time::Instant};

use canonical::{ErrorKind, Fault};
use keys::Caller;
use limits::{Admission, Level, Measure, Meter, Shortage, admit, least_left, shortage};

use crate::Demand;

/// What is left of the caller's own limits; of several that apply, the one with least left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Requests in a minute, where they are limited.
    pub requests: Option<Level>,
    /// Tokens in a minute, where they are limited.
    pub tokens: Option<Level>,
}

impl Allowance {
    /// Reads the caller's meters.
    pub(crate) fn of(caller: &Caller, now: Instant) -> Self {
        let (requests, tokens) = least_left(&caller.meters, now);
        Self { requests, tokens }
    }
}

/// Whether tokens are limited, so that a request's must be estimated.
pub(crate) fn limits_tokens(caller: &Caller) -> bool {
    caller.meters.iter().any(|meter: &Arc<Meter>| meter.limits().tokens_per_minute.is_some())
}

/// Lets a request of about `tokens` in by the limits of the caller's key and project.
///
/// # Errors
///
/// Says which limit is reached, and when to come back.
pub(crate) fn let_in(
    caller: &Caller,
    tokens: u64,
    now: Instant,
) -> Result<Option<Admission>, Fault> {
    if caller.meters.is_empty() {
        return Ok(None);
    }
    let admitted = admit(&caller.meters, tokens, now);
    admitted.map(Some).map_err(|shortage| sentence(&shortage, tokens))
}

/// What [`let_in`] would refuse the request with now. Counts nothing.
pub(crate) fn kept_out(caller: &Caller, demand: &Demand, now: Instant) -> Option<Fault> {
    let shortage = shortage(&caller.meters, demand.tokens(), now)?;
    Some(sentence(&shortage, demand.tokens()))
}

/// The fault of a reached limit.
fn sentence(shortage: &Shortage, tokens: u64) -> Fault {
    let limit = shortage.limit;
    let (what, wait) = match (shortage.of, shortage.wait) {
        (Measure::Tokens, None) => {
            let sentence = format!(
                "this request is estimated at {tokens} tokens, more than the {limit} that your key may use in a \
                 minute: shorten it, or lower the bound of its answer"
            );
            return Fault::new(ErrorKind::TooLarge, sentence);
        }
        (Measure::Tokens, wait) => (format!("use {limit} tokens a minute"), wait),
        (Measure::Requests, wait) => (format!("start {limit} requests a minute"), wait),
        (Measure::Concurrency, wait) => (format!("run {limit} requests at once"), wait),
    };
    let seconds = wait.map_or(1.0, |wait| wait.as_secs_f64().ceil().max(1.0));
    let sentence = format!("your key, or what it belongs to, may {what}: come back in {seconds} s");
    Fault::new(ErrorKind::RateLimited, sentence).with_retry_after(wait)
}
