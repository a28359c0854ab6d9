//! One content block of a streamed answer.

use canonical::{Delta, Dialect, Event, Fault, Opaque, Part, PartKind};
use serde_json::Value;

use super::response::{part, seal};
use crate::{
    LARGEST_FRAME_BYTES,
    assembly::malformed,
    json::{count, filled, member, present},
};

/// A content block that is growing.
pub(super) struct Block {
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
    /// Opens the block that `content_block_start` announces, as the part `number` of the answer.
    pub(super) fn open(data: &Value, number: u32, events: &mut Vec<Event>) -> Result<Self, Fault> {
        let content = member(data, "content_block");
        let (kind, growth) = match part(content) {
            Part::Text { .. } => (Some(PartKind::Text), Growth::Text),
            Part::Reasoning(_) => (Some(PartKind::Reasoning), Growth::Reasoning),
            Part::ToolCall(call) => (
                Some(PartKind::ToolCall { id: call.id, name: call.name }),
                Growth::Arguments(present(content, "input").cloned()),
            ),
            Part::Media(_) | Part::ToolResult(_) | Part::Opaque(_) => {
                (None, Growth::Opaque(content.clone(), String::new()))
            }
        };
        events.extend(kind.map(|kind| Event::PartStart { choice: 0, part: number, kind }));
        let mut block = Self { index: count(data, "index"), part: number, growth };
        // A block may open with its first piece.
        block.grow(content, events)?;
        Ok(block)
    }

    /// Whether an event is about this block.
    pub(super) fn is_meant(&self, data: &Value) -> bool {
        self.index == count(data, "index")
    }

    /// Takes a delta.
    pub(super) fn grow(&mut self, piece: &Value, events: &mut Vec<Event>) -> Result<(), Fault> {
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

    /// Ends the block; one that is passed on whole is passed on now.
    pub(super) fn close(self, events: &mut Vec<Event>) {
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
