//! Tending: providers in trouble are probed now and then, so that what is good again is used again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use canonical::ErrorKind;
use futures_util::future::join_all;
use routing::{BreakerState, KeyState};

use crate::{Provider, ProviderManager};

/// How often.
const EVERY: Duration = Duration::from_secs(30);

impl ProviderManager {
    /// Probes every provider in trouble every 30 seconds, until `stop` is done.
    ///
    /// Only what was asked for can be in trouble, so nobody is probed whom nobody uses.
    pub async fn tend(self: Arc<Self>, stop: impl Future<Output = ()>) {
        let tending = async {
            loop {
                tokio::time::sleep(EVERY).await;
                self.probe_troubled().await;
            }
        };
        tokio::select! {
            () = stop => {}
            () = tending => {}
        }
    }

    /// Probes them once, side by side.
    async fn probe_troubled(&self) {
        let snapshot = self.snapshot();
        let troubled = snapshot.enabled().filter(|provider| provider.is_in_trouble());
        join_all(troubled.map(|provider| provider.health())).await;
    }
}

impl Provider {
    /// Whether a probe may end something that keeps requests away.
    fn is_in_trouble(&self) -> bool {
        let now = Instant::now();
        let keys = self.key_ring().states(now);
        let breakers = self.model_states().into_values().map(|state| state.breaker(now));
        keys.iter().any(may_be_freed)
            || breakers.into_iter().any(|state| state != BreakerState::Closed)
    }
}

/// Whether a probe can tell that the key is good again: of credit, and of the rate of one model, it tells nothing.
fn may_be_freed(key: &KeyState) -> bool {
    let parked = key.parked.as_ref().filter(|parked| parked.model.is_none());
    parked.is_some_and(|parked| parked.fault.kind != ErrorKind::QuotaExhausted)
}

#[cfg(test)]
mod tests {
    use canonical::Fault;
    use routing::ParkedBy;

    use super::*;

    fn parked(kind: ErrorKind, model: Option<&str>) -> KeyState {
        let fault = Fault::new(kind, "no");
        let model = model.map(str::to_owned);
        KeyState { parked: Some(ParkedBy { until: Instant::now(), model, fault }) }
    }

    #[test]
    fn a_key_is_probed_where_a_probe_can_tell_that_it_is_good_again() {
        assert!(may_be_freed(&parked(ErrorKind::KeyRefused, None)));
        assert!(!may_be_freed(&parked(ErrorKind::QuotaExhausted, None)));
        assert!(!may_be_freed(&parked(ErrorKind::RateLimited, Some("m"))));
        assert!(!may_be_freed(&KeyState { parked: None }));
    }
}
