//! How an answer begins that was asked for as a stream: held back until it says something, or whole after all.

use std::time::Duration;

use bytes::Bytes;
use canonical::{ErrorKind, Event, Fault};
use dialects::Framing;
use upstream::ReplyBody;

use crate::attempt::MOST_ANSWER_BYTES;

/// How long a begun stream is held back for its answer to begin; after that a failure is told in the stream.
pub(crate) const HOLD_LIMIT: Duration = Duration::from_secs(5);

/// More space than this before an answer is no answer.
const MOST_LEADING_SPACE_BYTES: usize = 64 * 1024;

/// Reads until there is something else than space.
pub(crate) async fn first_bytes(body: &mut ReplyBody) -> Option<Result<Bytes, Fault>> {
    let mut first = match body.chunk().await? {
        Ok(first) => first,
        Err(fault) => return Some(Err(fault)),
    };
    while first.trim_ascii().is_empty() && first.len() < MOST_LEADING_SPACE_BYTES {
        match body.chunk().await {
            Some(Ok(more)) => first = [first, more].concat().into(),
            Some(Err(fault)) => return Some(Err(fault)),
            None => break,
        }
    }
    Some(Ok(first))
}

/// Whether a body that begins with `chunk` is one JSON object, where a stream holds none that is bare.
pub(crate) fn is_whole_answer(framing: Framing, chunk: &[u8]) -> bool {
    match framing {
        Framing::Sse | Framing::JsonArray => chunk.trim_ascii_start().starts_with(b"{"),
        Framing::Ndjson => false,
    }
}

/// Reads the rest of a whole answer whose first piece is `chunk`.
pub(crate) async fn read_rest(chunk: &[u8], body: &mut ReplyBody) -> Result<Vec<u8>, Fault> {
    let mut whole = chunk.to_vec();
    while let Some(piece) = body.chunk().await {
        whole.extend_from_slice(&piece?);
        if whole.len() > MOST_ANSWER_BYTES {
            let sentence = "the provider's answer is larger than allowed";
            return Err(Fault::new(ErrorKind::Malformed, sentence));
        }
    }
    Ok(whole)
}

/// Whether an event is part of the answer, or its end.
pub(crate) fn begins_the_answer(event: &Event) -> bool {
    match event {
        Event::Start { .. } | Event::PartStart { .. } | Event::Usage(_) => false,
        Event::PartDelta { .. }
        | Event::PartEnd { .. }
        | Event::Logprobs { .. }
        | Event::Finish { .. }
        | Event::Stop
        | Event::Failed(_) => true,
    }
}
