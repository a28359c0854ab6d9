//! Writes a whole answer.

use canonical::{Choice, Losses, Response};
use serde_json::Value;

use super::answer::{Frame, candidate, part};
use crate::{Echo, gemini::logprobs};

/// Writes the answer; what the dialect can't say is noted in `losses`.
pub(super) fn encode(response: &Response, echo: &Echo, losses: &mut Losses) -> Vec<u8> {
    let candidates =
        (0..).zip(&response.choices).map(|(index, choice)| whole(index, choice, losses));
    let candidates = candidates.collect();
    Frame::of(response, echo).around(candidates).to_string().into_bytes()
}

fn whole(index: u32, choice: &Choice, losses: &mut Losses) -> Value {
    let parts = choice.parts.iter().filter_map(|one| part(one, losses)).collect();
    candidate(index, parts, Some(&choice.finish.reason), logprobs::encode(&choice.logprobs))
}
