//! One part of a streamed answer, and what of it may be told already.

use canonical::{Delta, Dialect, Losses, PartKind, Reasoning, Seal};
use serde_json::{Value, json};

use super::{
    call_id::CallIds,
    carried_seal::CarriedSeal,
    response::{signature, thought},
};
use crate::chat_messages::{media_member, opaque_member};

/// A part of which not all has been told. It opens its block as late as it has to: a part without content gets
/// none, and the seal of a tool call stands before the call.
#[derive(Debug)]
pub(super) struct OpenPart {
    /// The provider's number of it.
    pub(super) number: u32,
    kind: PartKind,
    /// What came and was not told.
    held: String,
    /// How many pieces `held` came in.
    pieces: usize,
    seal: Option<Seal>,
    is_open: bool,
    /// Whether the arguments of a call began as those of an object.
    is_object: bool,
    /// Whether all of it came.
    pub(super) is_whole: bool,
}

/// A step that tells a part.
#[derive(Debug)]
pub(super) enum Step {
    /// A block opens.
    Open(Value),
    /// The open block grows.
    Grow(Value),
    /// The open block is complete.
    Close,
}

impl OpenPart {
    pub(super) fn new(number: u32, kind: PartKind) -> Self {
        let (held, seal) = (String::new(), None);
        let (is_open, is_object, is_whole) = (false, false, false);
        Self { number, kind, held, pieces: 0, seal, is_open, is_object, is_whole }
    }

    /// Takes more of the part.
    pub(super) fn take(&mut self, delta: &Delta) {
        match (&self.kind, delta) {
            (PartKind::Text | PartKind::Reasoning, Delta::Text(more))
            | (PartKind::ToolCall { .. }, Delta::Arguments(more))
                if !more.is_empty() =>
            {
                self.held.push_str(more);
                self.pieces += 1;
            }
            (_, Delta::Seal(seal)) => self.seal = Some(seal.clone()),
            (_, Delta::Text(_) | Delta::Arguments(_)) => {}
        }
    }

    /// Returns the steps that tell what can be told by now; what can't be told at all is noted in `losses`.
    pub(super) fn tell(&mut self, ids: &mut CallIds, losses: &mut Losses) -> Vec<Step> {
        let mut steps = Vec::new();
        match &self.kind {
            PartKind::Text => {
                self.tell_text("text", json!({"type": "text", "text": ""}), &mut steps);
                if self.seal.is_some() {
                    losses.note("messages.seal");
                }
            }
            PartKind::Reasoning => self.tell_reasoning(&mut steps),
            PartKind::ToolCall { id, name } => {
                let (id, name) = (id.clone(), name.clone());
                self.tell_call(&id, &name, ids, &mut steps);
                if self.is_whole && !self.held.trim().is_empty() {
                    losses.note("messages.tool_calls.arguments");
                }
            }
            PartKind::Opaque(opaque) if opaque.dialect == Dialect::Anthropic => {
                if self.is_whole {
                    steps.extend([Step::Open(opaque.json.clone()), Step::Close]);
                }
            }
            PartKind::Opaque(opaque) => losses.note(opaque_member(opaque)),
            PartKind::Media(media) => losses.note(media_member(media.kind)),
        }
        if self.is_whole && self.is_open {
            steps.push(Step::Close);
        }
        steps
    }

    /// Tells text or thoughts as they come; `empty` is the block that they fill.
    fn tell_text(&mut self, member: &str, empty: Value, steps: &mut Vec<Step>) {
        if self.held.is_empty() {
            return;
        }
        self.open(empty, steps);
        let more = std::mem::take(&mut self.held);
        steps.push(Step::Grow(json!({"type": format!("{member}_delta"), (member): more})));
    }

    fn tell_reasoning(&mut self, steps: &mut Vec<Step>) {
        let empty = json!({"type": "thinking", "thinking": "", "signature": ""});
        self.tell_text("thinking", empty, steps);
        if !self.is_whole {
            return;
        }
        let seal = self.seal.take();
        if !self.is_open {
            let unread = thought(&Reasoning { text: String::new(), seal });
            steps.extend(unread.into_iter().flat_map(|block| [Step::Open(block), Step::Close]));
        } else if seal.is_some() {
            let signature = signature(seal.as_ref());
            steps.push(Step::Grow(json!({"type": "signature_delta", "signature": signature})));
        }
    }

    /// Tells a call from the second piece of its arguments on, since until then its seal may come. Arguments that
    /// don't begin as an object are left out; ones that were cut off are told as far as they go.
    fn tell_call(&mut self, id: &str, name: &str, ids: &mut CallIds, steps: &mut Vec<Step>) {
        if !self.is_whole && self.pieces < 2 {
            return;
        }
        if !self.is_open {
            if let Some(seal) = self.seal.take() {
                let block = CarriedSeal::NextCall(seal).block();
                steps.extend([Step::Open(block), Step::Close]);
            }
            let id = ids.told(id);
            self.open(json!({"type": "tool_use", "id": id, "name": name, "input": {}}), steps);
        }
        if !self.is_object {
            match self.held.trim_start().chars().next() {
                Some('{') => self.is_object = true,
                Some(_) | None => return,
            }
        }
        let more = std::mem::take(&mut self.held);
        if !more.is_empty() {
            steps.push(Step::Grow(json!({"type": "input_json_delta", "partial_json": more})));
        }
    }

    fn open(&mut self, block: Value, steps: &mut Vec<Step>) {
        if !std::mem::replace(&mut self.is_open, true) {
            steps.push(Step::Open(block));
        }
    }
}
