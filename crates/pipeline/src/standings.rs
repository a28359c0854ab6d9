//! How the candidates of a request stand at the moment of choosing.

use std::time::Instant;

use routing::{Ready, Standing};

use crate::{Demand, candidates::Candidate};

/// How each candidate stands.
pub(crate) fn standings(candidates: &[Candidate], demand: &Demand, now: Instant) -> Vec<Standing> {
    let stand = |candidate: &Candidate| standing(candidate, demand, now);
    let mut standings: Vec<_> = candidates.iter().map(stand).collect();
    // Nobody waits in a line while another candidate is free.
    let is_free = |standing: &Standing| {
        !standing.is_full && matches!(standing.ready, Ready::Now { .. }) && has_key(standing)
    };
    if standings.iter().any(is_free) {
        for full in standings.iter_mut().filter(|standing| standing.is_full) {
            if let Ready::Now { .. } = full.ready {
                full.ready = Ready::LastResort;
            }
        }
    }
    standings
}

fn has_key(standing: &Standing) -> bool {
    standing.keys.iter().any(|(_, ready)| matches!(ready, Ready::Now { .. }))
}

fn standing(candidate: &Candidate, demand: &Demand, now: Instant) -> Standing {
    let target = &candidate.target;
    let provider = &target.provider;
    let state = provider.model_state(&target.model);
    Standing {
        ready: state.ready(now),
        keys: provider.key_ring().usable(&target.model, now),
        weight: candidate.weight,
        is_local: provider.config().is_local(),
        in_flight: state.in_flight(),
        is_full: provider.is_full(),
        expected: state.expected(now),
        cost_nano_usd: target.price.estimate_nano_usd(demand.input_tokens, demand.output_tokens),
    }
}
