//! One content block of a streamed answer.

use canonical::{Delta, Dialect, Event, Fault, Opaque, Part, PartKind};
use serde_json::Value;

use super::response::{part, seal};
use crate::{
    LARGEST_FRAME_BYTES,
    assembly::malformed,
    json::{count, filled, member, present},
};

/// The content block that is growing. Blocks don't interleave.
struct Block {
    /// The provider's number of it.
    index: Option<u64>,
    /// Ours.
    part: u32,
    growth: Growth,
}

/// What an open block does with its deltas.
enum Growth {
    Text,
    Reasoning,
    /// Holds the input that the block opened with, which counts if no piece follows.
    Arguments(Option<Value>),
    /// Holds the block and the pieces of its input; it is passed on when it is whole.
    Opaque(Value, String),
}

impl Block {
    /// Takes a delta, or the block itself when it opens with a piece.
    fn grow(&mut self, piece: &Value, events: &mut Vec<Event>) -> Result<(), Fault> {
        let mut push = |delta| events.push(Event::PartDelta { choice: 0, part: self.part, delta });
        let filled = |name| filled(piece, name).map(str::to_owned);
        match &mut self.growth {
            Growth::Text => {
                if let Some(more) = filled("text") {
                    push(Delta::Text(more));
                }
            }
            Growth::Reasoning => {
                if let Some(more) = filled("thinking") {
                    push(Delta::Text(more));
                }
                if let Some(signature) = filled("signature") {
                    push(Delta::Seal(seal(&signature)));
                }
            }
            Growth::Arguments(input) => {
                if let Some(more) = filled("partial_json") {
                    *input = None;
                    push(Delta::Arguments(more));
                }
            }
            Growth::Opaque(_, input) => {
                let more = filled("partial_json").unwrap_or_default();
                if input.len() + more.len() > LARGEST_FRAME_BYTES {
                    return Err(malformed("a content block is too large"));
                }
                input.push_str(&more);
            }
        }
        Ok(())
    }

    fn close(self, events: &mut Vec<Event>) {
        let (choice, part) = (0, self.part);
        match self.growth {
            Growth::Text | Growth::Reasoning | Growth::Arguments(None) => {}
            Growth::Arguments(Some(input)) => {
                let delta = Delta::Arguments(input.to_string());
                events.push(Event::PartDelta { choice, part, delta });
            }
            Growth::Opaque(mut json, pieces) => {
                if let (Some(block), Ok(input)) =
                    (json.as_object_mut(), serde_json::from_str(&pieces))
                {
                    block.insert("input".to_owned(), input);
                }
                let kind = PartKind::Opaque(Opaque { dialect: Dialect::Anthropic, json });
                events.push(Event::PartStart { choice, part, kind });
            }
        }
        events.push(Event::PartEnd { choice, part });
    }
}

