//! Writes a whole answer: what its stream would end with.

use canonical::{Event, Losses, Request, Response};

use super::stream::Encoder;
use crate::{Echo, StreamEncoder};

/// Writes the answer; what can't be said is noted in `losses`.
pub(super) fn encode(
    response: &Response,
    request: &Request,
    echo: &Echo,
    losses: &mut Losses,
) -> Vec<u8> {
    let mut events: Vec<Event> = response.clone().into();
    // Tokens belong to a text, which has to be still open when they are told.
    events.sort_by_key(|event| match event {
        Event::Start { .. } => 0,
        Event::Logprobs { .. } => 1,
        Event::PartStart { .. }
        | Event::PartDelta { .. }
        | Event::PartEnd { .. }
        | Event::Finish { .. }
        | Event::Usage(_)
        | Event::Stop
        | Event::Failed(_) => 2,
    });
    let (mut encoder, mut frames) = (Encoder::new(request, echo), Vec::new());
    for event in &events {
        encoder.encode(event, &mut frames);
        frames.clear();
    }
    encoder.losses().iter().for_each(|name| losses.note(name));
    encoder.whole().to_string().into_bytes()
}
