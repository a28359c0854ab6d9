//! How likely tokens were, as `logprobsResult`.
//!
//! Source: `LogprobsResult` of <https://ai.google.dev/api/generate-content>

use canonical::TokenLogprob;
use serde_json::{Value, json};

use crate::json::{list, present, text};

/// Reads what a candidate says; tokens come in order, with the likeliest at each place beside them.
pub(super) fn decode(candidate: &Value) -> Vec<TokenLogprob> {
    let Some(result) = present(candidate, "logprobsResult") else { return Vec::new() };
    let places = list(result, "topCandidates");
    let chosen = list(result, "chosenCandidates").iter().enumerate();
    chosen
        .filter_map(|(position, chosen)| {
            let top = places.get(position).map(|place| list(place, "candidates"));
            let top = top.unwrap_or_default().iter().filter_map(token).collect();
            Some(TokenLogprob { top, ..token(chosen)? })
        })
        .collect()
}

fn token(candidate: &Value) -> Option<TokenLogprob> {
    let token = text(candidate, "token")?.to_owned();
    let logprob = candidate.get("logProbability")?.as_f64()?;
    Some(TokenLogprob { token, logprob, bytes: None, top: Vec::new() })
}

/// Writes tokens, null where there are none.
pub(super) fn encode(tokens: &[TokenLogprob]) -> Value {
    if tokens.is_empty() {
        return Value::Null;
    }
    let one = |token: &TokenLogprob| json!({"token": token.token, "logProbability": token.logprob});
    let places = tokens
        .iter()
        .map(|token| json!({"candidates": token.top.iter().map(one).collect::<Value>()}));
    json!({
        "topCandidates": places.collect::<Value>(),
        "chosenCandidates": tokens.iter().map(one).collect::<Value>(),
    })
}
