//! Writes a streamed answer: calls come whole, and the counts in the last chunk.

use std::collections::{HashMap, HashSet};

use canonical::{Delta, Event, Losses, PartKind, Seal, ToolCall, Usage};
use serde_json::{Value, json};
use wire::write_sse;

use super::{
    answer::{finish_reason, piece_of_thought, thought, tool_call},
    error,
};
use crate::{
    Echo, StreamEncoder,
    foreign_seal::of_block,
    openai_chat::client::{
        answer::{created_s, media_in_answer, opaque_in_answer, usage},
        thoughts::{EXTRA_CONTENT, extra_content},
    },
};

/// The encoder of one stream.
#[derive(Debug)]
pub(super) struct Encoder {
    id: String,
    created: u64,
    model: String,
    usage: Usage,
    begun: HashSet<u32>,
    parts: HashMap<(u32, u32), OpenPart>,
    /// How many calls each choice has.
    calls: HashMap<u32, usize>,
    text_seals: HashMap<u32, Seal>,
    /// The choices that ended and why, told when the counts are known.
    finished: Vec<(u32, &'static str)>,
    losses: Losses,
    ended: bool,
}

/// A part that grows.
#[derive(Debug)]
enum OpenPart {
    Text,
    Thought { seal: Option<Seal> },
    Call(ToolCall),
}

impl Encoder {
    pub(super) fn new(echo: &Echo) -> Self {
        Self {
            id: echo.id.clone(),
            created: created_s(echo),
            model: echo.model.clone(),
            usage: Usage::default(),
            begun: HashSet::new(),
            parts: HashMap::new(),
            calls: HashMap::new(),
            text_seals: HashMap::new(),
            finished: Vec::new(),
            losses: Losses::default(),
            ended: false,
        }
    }

    fn open(&mut self, choice: u32, part: u32, kind: &PartKind, out: &mut Vec<u8>) {
        let open = match kind {
            PartKind::Text => OpenPart::Text,
            PartKind::Reasoning => OpenPart::Thought { seal: None },
            PartKind::ToolCall { id, name } => {
                let (id, name) = (id.clone(), name.clone());
                OpenPart::Call(ToolCall { id, name, arguments: String::new(), seal: None })
            }
            PartKind::Media(media) => return self.losses.note(media_in_answer(media.kind)),
            PartKind::Opaque(opaque) => {
                self.losses.note(opaque_in_answer(opaque));
                let carrier = thought("", Some(&of_block(opaque)));
                return self.delta(choice, json!({ "content": [carrier] }), out);
            }
        };
        self.parts.insert((choice, part), open);
    }

    fn grow(&mut self, choice: u32, part: u32, delta: &Delta, out: &mut Vec<u8>) {
        match (self.parts.get_mut(&(choice, part)), delta) {
            (Some(OpenPart::Text), Delta::Text(more)) if !more.is_empty() => {
                self.delta(choice, json!({ "content": more }), out);
            }
            (Some(OpenPart::Thought { .. }), Delta::Text(more)) if !more.is_empty() => {
                self.delta(choice, json!({ "content": [piece_of_thought(more)] }), out);
            }
            (Some(OpenPart::Call(call)), Delta::Arguments(more)) => call.arguments.push_str(more),
            (Some(OpenPart::Text), Delta::Seal(new)) => {
                self.text_seals.insert(choice, new.clone());
            }
            (Some(OpenPart::Thought { seal }), Delta::Seal(new)) => *seal = Some(new.clone()),
            (Some(OpenPart::Call(call)), Delta::Seal(new)) => call.seal = Some(new.clone()),
            (Some(_) | None, Delta::Text(_) | Delta::Arguments(_) | Delta::Seal(_)) => {}
        }
    }

    fn close(&mut self, choice: u32, part: u32, out: &mut Vec<u8>) {
        match self.parts.remove(&(choice, part)) {
            Some(OpenPart::Thought { seal }) => {
                self.delta(choice, json!({ "content": [thought("", seal.as_ref())] }), out);
            }
            Some(OpenPart::Call(call)) => {
                let calls = self.calls.entry(choice).or_default();
                let index = *calls;
                *calls += 1;
                let made = self.calls.values().sum();
                let call = tool_call(&call, &self.id, made, index);
                self.delta(choice, json!({ "tool_calls": [call] }), out);
            }
            Some(OpenPart::Text) | None => {}
        }
    }

    /// Writes the chunk that opens a choice, unless it is open.
    fn begin(&mut self, choice: u32, out: &mut Vec<u8>) {
        if self.begun.insert(choice) {
            self.delta(choice, json!({ "role": "assistant", "content": "" }), out);
        }
    }

    fn delta(&self, choice: u32, delta: Value, out: &mut Vec<u8>) {
        let choice = json!({ "index": choice, "delta": delta, "finish_reason": null });
        self.chunk(json!([choice]), None, out);
    }

    /// Writes the chunks that say why each choice ended, the last one with the counts.
    fn end(&self, out: &mut Vec<u8>) {
        for (position, (choice, reason)) in self.finished.iter().enumerate() {
            let delta = match self.text_seals.get(choice) {
                Some(seal) => json!({ "content": "", EXTRA_CONTENT: extra_content(Some(seal)) }),
                None => json!({ "content": "" }),
            };
            let last = position + 1 == self.finished.len();
            let ended = json!({ "index": choice, "delta": delta, "finish_reason": reason });
            self.chunk(json!([ended]), last.then(|| usage(&self.usage)), out);
        }
        write_sse(None, "[DONE]", out);
    }

    fn chunk(&self, choices: Value, usage: Option<Value>, out: &mut Vec<u8>) {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let (Some(members), Some(usage)) = (chunk.as_object_mut(), usage) {
            members.insert("usage".to_owned(), usage);
        }
        write_sse(None, &chunk.to_string(), out);
    }
}

impl StreamEncoder for Encoder {
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start { id: _, model } => {
                if let Some(model) = model {
                    self.model.clone_from(model);
                }
                self.begin(0, out);
            }
            Event::PartStart { choice, part, kind } => {
                self.begin(*choice, out);
                self.open(*choice, *part, kind, out);
            }
            Event::PartDelta { choice, part, delta } => self.grow(*choice, *part, delta, out),
            Event::PartEnd { choice, part } => self.close(*choice, *part, out),
            Event::Finish { choice, finish } => {
                self.begin(*choice, out);
                let (reason, says_all) = finish_reason(&finish.reason);
                if !says_all {
                    self.losses.note("finish_reason");
                }
                self.finished.push((*choice, reason));
            }
            Event::Usage(newer) => self.usage.update(newer),
            // Mistral tells no likelihoods.
            Event::Logprobs { .. } => self.losses.note("logprobs"),
            Event::Stop => {
                self.end(out);
                self.ended = true;
            }
            Event::Failed(fault) => {
                // The SDKs know no error here; they fail on whatever is no chunk, which is better than an end.
                write_sse(None, &error::body(fault.status(), fault).to_string(), out);
                self.ended = true;
            }
        }
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }
}
