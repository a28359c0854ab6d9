//! One real round trip to a provider, and what it proves.

use std::{sync::Arc, time::Duration};

use canonical::{ErrorKind, Fault, Losses, Message, Part, Request, Role, Sampling};
use providers::{Delivery, Freshness, Provider};
use routing::KeyState;
use tokio::time::{Instant, timeout};

use crate::{
    attempt::{attempt, encode, read_whole},
    resolve::Target,
};

/// How long a round trip may take, unless the provider's own timeout is less.
const TEST_LIMIT: Duration = Duration::from_secs(60);

/// What a round trip proved. `None` is what it could not tell.
#[derive(Debug)]
pub struct Proof {
    /// Whether the provider answered at all, if it was asked.
    pub reachable: Option<bool>,
    /// Whether it accepted the key.
    pub key_accepted: Option<bool>,
    /// Whether the model answered.
    pub model_answers: Option<bool>,
    /// The model that was asked.
    pub model: Option<String>,
    /// How long it took.
    pub latency: Duration,
    /// What went wrong, if anything did.
    pub fault: Option<Fault>,
}

/// Asks the provider's default model, else the first it lists, for a word.
pub async fn test(provider: &Arc<Provider>) -> Proof {
    let began = Instant::now();
    let (model, outcome) = match model_of(provider).await {
        Ok(model) => {
            let limit = TEST_LIMIT.saturating_sub(began.elapsed());
            let asking = timeout(limit, ask_for_a_word(provider, 0, &model));
            let outcome = asking.await.unwrap_or_else(|_| Err(too_late()));
            let limit = TEST_LIMIT.saturating_sub(began.elapsed());
            // What is proved with the first key says nothing of the others.
            let _out_of_time = timeout(limit, free_keys(provider, &model)).await;
            (Some(model), outcome)
        }
        Err(fault) => (None, Err(fault)),
    };
    let has_key = provider.config().has_key();
    let (reachable, key_accepted, model_answers) = match &outcome {
        Ok(()) => (Some(true), has_key.then_some(true), Some(true)),
        Err(fault) => verdict(fault),
    };
    Proof {
        reachable,
        key_accepted,
        model_answers: model_answers.filter(|_| model.is_some()),
        model,
        latency: began.elapsed(),
        fault: outcome.err(),
    }
}

fn too_late() -> Fault {
    let sentence = format!("no answer within {} s", TEST_LIMIT.as_secs());
    Fault::new(ErrorKind::Timeout, sentence)
}

/// What a fault says: whether the provider answered, whether it accepted the key, whether the model answered.
fn verdict(fault: &Fault) -> (Option<bool>, Option<bool>, Option<bool>) {
    let has_status = fault.upstream_status.is_some();
    match fault.kind {
        ErrorKind::KeyRefused => (Some(true), Some(false), None),
        ErrorKind::QuotaExhausted => (Some(true), Some(true), Some(false)),
        ErrorKind::RateLimited => (Some(true), None, None),
        // Not sent.
        ErrorKind::InvalidRequest | ErrorKind::Internal if !has_status => (None, None, None),
        // Lost on the way.
        ErrorKind::Unreachable | ErrorKind::Timeout if !has_status => (Some(false), None, None),
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
        | ErrorKind::Internal => (Some(true), None, Some(false)),
    }
}

/// The model to ask.
async fn model_of(provider: &Arc<Provider>) -> Result<String, Fault> {
    if let Some(model) = &provider.config().default_model {
        return Ok(model.clone());
    }
    let models = provider.models(Freshness::Cached).await;
    match (models.ids.into_iter().next(), models.fault) {
        (Some(model), _) => Ok(model),
        (None, Some(fault)) => Err(fault),
        (None, None) => {
            let sentence = "it lists no models: set default_model to test one";
            Err(Fault::new(ErrorKind::NotFound, sentence))
        }
    }
}

/// Tries each further key that was refused once, so that it is used again if it is good.
async fn free_keys(provider: &Arc<Provider>, model: &str) {
    let states = provider.key_ring().states(std::time::Instant::now());
    let was_refused = |state: &KeyState| {
        state.parked.as_ref().is_some_and(|parked| {
            parked.fault.kind != ErrorKind::RateLimited
                && parked.model.as_deref().is_none_or(|parked| parked == model)
        })
    };
    for (key, _) in states.iter().enumerate().skip(1).filter(|(_, state)| was_refused(state)) {
        // A key that is still refused stays parked.
        let _still_refused = ask_for_a_word(provider, key, model).await;
    }
}

/// Sends the smallest chat there is, with one of the provider's keys.
async fn ask_for_a_word(provider: &Arc<Provider>, key: usize, model: &str) -> Result<(), Fault> {
    let mut target = Target::new(provider, model.to_owned());
    target.key = key;
    let prompt = Message { role: Role::User, parts: vec![Part::text("Say: ok")] };
    let request = Request {
        messages: vec![prompt],
        sampling: Sampling { max_tokens: Some(16), ..Sampling::default() },
        ..Request::default()
    };
    let body = encode(&target, request, Delivery::Whole, &mut Losses::default());
    let begun = std::time::Instant::now();
    let reply = attempt(&target, body, Delivery::Whole).await?;
    read_whole(&target, reply).await?;
    provider.key_is_good(key, model, begun);
    Ok(())
}
