//! Carries seals of other dialects in blocks of `redacted_thinking`, which callers send back unchanged.
//!
//! The dialect has a place for the seal of a readable thought, its signature. A thought of which nobody may read
//! anything, and the seal of a tool call, travel in a block of their own; that of a call stands right before it.

use canonical::{Dialect, Seal};
use serde_json::{Value, json};

use crate::foreign_seal::{pack, unpack};

/// A seal of another dialect.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CarriedSeal {
    /// That of a thought without text.
    Thought(Seal),
    /// That of the tool call which comes next.
    NextCall(Seal),
}

/// What tells the two apart; it stands before the seal's own data.
const THOUGHT: &str = "thought:";
const NEXT_CALL: &str = "next_call:";

impl CarriedSeal {
    /// Writes the block.
    pub(super) fn block(&self) -> Value {
        let (mark, seal) = match self {
            Self::Thought(seal) => (THOUGHT, seal),
            Self::NextCall(seal) => (NEXT_CALL, seal),
        };
        let marked = Seal { dialect: seal.dialect, data: format!("{mark}{}", seal.data) };
        json!({"type": "redacted_thinking", "data": pack(&marked, Dialect::Anthropic)})
    }

    /// Reads a block's data, unless the provider itself wrote it.
    pub(super) fn read(data: &str) -> Option<Self> {
        let Seal { dialect, data } = unpack(data.to_owned(), Dialect::Anthropic);
        let seal = |data: &str| Seal { dialect, data: data.to_owned() };
        match data.strip_prefix(NEXT_CALL) {
            _ if dialect == Dialect::Anthropic => None,
            Some(data) => Some(Self::NextCall(seal(data))),
            None => data.strip_prefix(THOUGHT).map(|data| Self::Thought(seal(data))),
        }
    }
}

#[cfg(test)]
mod tests {
    use canonical::{Dialect, Seal};

    use super::CarriedSeal;

    #[test]
    fn seals_come_back_to_where_they_were() {
        let seal = || Seal { dialect: Dialect::Gemini, data: "thought:next_call:=".to_owned() };
        for carried in [CarriedSeal::Thought(seal()), CarriedSeal::NextCall(seal())] {
            let block = carried.block();
            assert_eq!(CarriedSeal::read(block["data"].as_str().unwrap()), Some(carried));
        }
        assert_eq!(CarriedSeal::read("EmwKAhgBEgy3va3pzix"), None);
    }
}
