//! What a scrape is told of the registry at its moment.

use std::time::Instant;

use providers::{Provider, ProviderManager};
use routing::BreakerState;
use telemetry::{BreakerGauge, Gauges, ModelGauges, ProviderGauges};

/// Reads the registry's share of the gauges.
pub fn read(manager: &ProviderManager) -> Gauges {
    let (snapshot, now) = (manager.snapshot(), Instant::now());
    Gauges {
        providers: snapshot.iter().map(|provider| of_provider(provider, now)).collect(),
        models: snapshot.iter().flat_map(|provider| of_models(provider, now)).collect(),
        ..Gauges::default()
    }
}

fn of_provider(provider: &Provider, now: Instant) -> ProviderGauges {
    let states = provider.model_states();
    let keys = provider.key_ring().states(now);
    ProviderGauges {
        provider: provider.config().name.to_string(),
        in_flight: states.values().map(|state| u64::from(state.in_flight())).sum(),
        waiting: provider.waiting() as u64,
        parked_keys: keys.iter().filter(|key| key.parked.is_some()).count() as u64,
    }
}

fn of_models(provider: &Provider, now: Instant) -> Vec<ModelGauges> {
    let gauge = |(model, state): (String, std::sync::Arc<routing::ModelState>)| ModelGauges {
        provider: provider.config().name.to_string(),
        model,
        breaker: match state.breaker(now) {
            BreakerState::Closed => BreakerGauge::Closed,
            BreakerState::HalfOpen => BreakerGauge::HalfOpen,
            BreakerState::Open => BreakerGauge::Open,
        },
    };
    provider.model_states().into_iter().map(gauge).collect()
}
