//! A provider's health as callers see it: what a probe found, and what keeps requests away.

use std::time::Instant;

use providers::{Health, Provider};
use routing::BreakerState;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    keys::{self, KeyView},
    milliseconds,
};

/// What a probe found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HealthView {
    /// Whether a chat has a chance.
    healthy: bool,
    /// `up`, `rate_limited`, `key_refused`, `failing` or `unreachable`.
    state: &'static str,
    /// When the probe began, RFC 3339.
    checked_at: String,
    /// How long the probe took.
    latency_ms: u64,
    /// What went wrong, unless it is up.
    error: Option<String>,
    /// The status that the provider answered with, if it was not 200.
    upstream_status: Option<u16>,
    /// The worst of its models: `closed` lets requests through, `half_open` one at a time, `open` none.
    breaker: &'static str,
    /// Each model that was asked for.
    models: Vec<ModelView>,
    /// The keys that are not used for a while.
    parked_keys: Vec<KeyView>,
}

/// What is remembered of one model.
#[derive(Serialize, JsonSchema)]
struct ModelView {
    /// The model's id.
    model: String,
    /// `closed`, `half_open` or `open`.
    breaker: &'static str,
    /// Requests that run there.
    in_flight: u32,
    /// What a request is expected to take until its first byte.
    expected_ms: u64,
}

impl HealthView {
    pub(crate) fn of(provider: &Provider, health: &Health) -> Self {
        let now = Instant::now();
        let states = provider.model_states();
        let breaker = worst(states.values().map(|state| state.breaker(now)));
        let model = |(model, state): (String, std::sync::Arc<routing::ModelState>)| ModelView {
            model,
            breaker: state.breaker(now).as_str(),
            in_flight: state.in_flight(),
            expected_ms: milliseconds(state.expected(now)),
        };
        Self {
            healthy: health.state.is_healthy(),
            state: health.state.as_str(),
            checked_at: humantime::format_rfc3339_millis(health.checked_at).to_string(),
            latency_ms: milliseconds(health.latency),
            error: health.fault.as_ref().map(|fault| pipeline::sentence(fault, None)),
            upstream_status: health.fault.as_ref().and_then(|fault| fault.upstream_status),
            breaker: breaker.as_str(),
            models: states.into_iter().map(model).collect(),
            parked_keys: keys::parked(provider, now),
        }
    }
}

/// The state that lets least through.
fn worst(states: impl Iterator<Item = BreakerState>) -> BreakerState {
    let lets_through = |state: &BreakerState| match state {
        BreakerState::Open => 0,
        BreakerState::HalfOpen => 1,
        BreakerState::Closed => 2,
    };
    states.min_by_key(lets_through).unwrap_or(BreakerState::Closed)
}

#[cfg(test)]
mod tests {
    use routing::BreakerState::{Closed, HalfOpen, Open};

    use super::worst;

    #[test]
    fn the_worst_model_is_told() {
        for (states, expected) in [
            ([].as_slice(), Closed),
            (&[Closed, Closed], Closed),
            (&[Closed, HalfOpen], HalfOpen),
            (&[HalfOpen, Open, Closed], Open),
        ] {
            assert_eq!(worst(states.iter().copied()), expected, "{states:?}");
        }
    }
}
