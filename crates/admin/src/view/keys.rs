//! A provider's keys as callers see them: which may be used, and why not.

use std::time::Instant;

use providers::Provider;
use routing::KeyState;
use schemars::JsonSchema;
use serde::Serialize;
use vault::Secret;

use super::clock;

/// One key.
#[derive(Debug, Serialize, JsonSchema, PartialEq)]
pub(crate) struct KeyView {
    /// The last four characters of a key of twenty or more.
    last4: Option<String>,
    /// `ready`, or `parked` where it is not used for a while.
    state: &'static str,
    /// Until when it is parked, RFC 3339, unless it is freed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    parked_until: Option<String>,
    /// The model that it is parked for; all of them where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// What the provider said.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The keys of a provider, in order.
pub(super) fn of(provider: &Provider, now: Instant) -> Vec<KeyView> {
    let states = provider.key_ring().states(now);
    provider.config().keys().zip(&states).map(|(key, state)| view(key, state, now)).collect()
}

/// Those of them that are parked.
pub(super) fn parked(provider: &Provider, now: Instant) -> Vec<KeyView> {
    of(provider, now).into_iter().filter(|key| key.parked_until.is_some()).collect()
}

fn view(key: &Secret, state: &KeyState, now: Instant) -> KeyView {
    let parked = state.parked.as_ref();
    KeyView {
        last4: key.hint().map(str::to_owned),
        state: if parked.is_some() { "parked" } else { "ready" },
        parked_until: parked.map(|parked| clock(parked.until, now)),
        model: parked.and_then(|parked| parked.model.clone()),
        reason: parked.map(|parked| pipeline::sentence(&parked.fault, None)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use canonical::{ErrorKind, Fault};
    use routing::ParkedBy;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parked_key_says_until_when_and_why() {
        let now = Instant::now();
        let key = Secret::new("sk-0123456789-abcdefghij-KLMN");
        let ready = serde_json::to_value(view(&key, &KeyState { parked: None }, now)).unwrap();
        assert_eq!(ready, json!({ "last4": "KLMN", "state": "ready" }));
        let parked = ParkedBy {
            until: now + Duration::from_secs(60),
            model: Some("m".to_owned()),
            fault: Fault::new(ErrorKind::KeyRefused, "no such key").with_upstream_status(401),
        };
        let state = KeyState { parked: Some(parked) };
        let parked = view(&Secret::new("sk-short"), &state, now);
        assert_eq!(
            (parked.last4, parked.state, parked.model.as_deref()),
            (None, "parked", Some("m"))
        );
        assert!(parked.reason.unwrap().contains("no such key"));
        let until = humantime::parse_rfc3339(&parked.parked_until.unwrap()).unwrap();
        let wait = until.duration_since(SystemTime::now()).unwrap().as_secs_f64();
        assert!((50.0..=60.0).contains(&wait), "{wait}");
    }
}
