//! Writes a whole answer: what its stream would end with.

use canonical::{Event, Losses, MediaSource, Part, Request, Response};

use super::stream::Encoder;
use crate::{Echo, StreamEncoder, chat_messages::media_member};

/// Writes the answer; what can't be said is noted in `losses`.
pub(super) fn encode(
    response: &Response,
    request: &Request,
    echo: &Echo,
    losses: &mut Losses,
) -> Vec<u8> {
    note_unsayable(response, losses);
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
    encoder.whole().to_string().into_bytes()
}

fn note_unsayable(response: &Response, losses: &mut Losses) {
    if response.choices.len() > 1 {
        losses.note("choices");
    }
    for part in response.choices.iter().flat_map(|choice| &choice.parts) {
        match part {
            Part::Media(media) => {
                let is_image = media.mime.as_deref().is_some_and(|mime| mime.starts_with("image/"));
                if !is_image || !matches!(media.source, MediaSource::Base64(_)) {
                    losses.note(media_member(media.kind));
                }
            }
            Part::Text { .. }
            | Part::ToolCall(_)
            | Part::ToolResult(_)
            | Part::Reasoning(_)
            | Part::Opaque(_) => {}
        }
    }
}
