//! Writes a streamed answer as `response.*` events.
//!
//! Clients follow one item at a time, so items stand one behind the other: what comes of a part while another is
//! open waits for its turn. An item's end waits until it is known whether the answer was cut off in it.

use std::collections::VecDeque;

use canonical::{
    Delta, Dialect, Event, Fault, FinishReason, Losses, Opaque, PartKind, Request, TokenLogprob,
    Usage,
};
use serde_json::{Value, json};

use super::{
    envelope::{Envelope, State, incomplete_reason},
    error,
    frames::Frames,
    item::{Call, Item, Kind},
    seal::Carried,
};
use crate::{Echo, StreamEncoder, chat_messages::media_member};

/// The encoder of one stream.
#[derive(Debug)]
pub(super) struct Encoder {
    envelope: Envelope,
    freeform: Vec<String>,
    frames: Frames,
    /// The items under way, of which only the first is being told.
    waiting: VecDeque<Waiting>,
    output: Vec<Value>,
    logprobs: Vec<TokenLogprob>,
    usage: Usage,
    finish: Option<FinishReason>,
    losses: Losses,
    ended: bool,
}

/// An item under way, and the part that it is.
#[derive(Debug)]
struct Waiting {
    part: u32,
    item: Item,
    is_complete: bool,
}

impl Encoder {
    pub(super) fn new(request: &Request, echo: &Echo) -> Self {
        let tools = request.tools.iter().filter(|tool| tool.freeform);
        Self {
            envelope: Envelope::new(request, echo),
            freeform: tools.map(|tool| tool.name.clone()).collect(),
            frames: Frames::default(),
            waiting: VecDeque::new(),
            output: Vec::new(),
            logprobs: Vec::new(),
            usage: Usage::default(),
            finish: None,
            losses: Losses::default(),
            ended: false,
        }
    }

    /// The whole answer, once it ended.
    pub(super) fn whole(&self) -> Value {
        let reason = self.finish.as_ref().unwrap_or(&FinishReason::Stop);
        self.envelope.write(State::Ended(reason), &self.output, &self.usage)
    }

    fn start(&mut self, model: Option<&String>, out: &mut Vec<u8>) {
        if let Some(model) = model {
            model.clone_into(&mut self.envelope.model);
        }
        let response = self.envelope.write(State::InProgress, &[], &Usage::default());
        let response = json!({ "response": response });
        self.frames.write("response.created", [response.clone()], out);
        self.frames.write("response.in_progress", [response], out);
    }

    fn open(&mut self, part: u32, kind: &PartKind) {
        let call = |id: &str, name: &str| {
            let id = if id.is_empty() {
                format!("call_{}_{part}", self.envelope.id)
            } else {
                id.to_owned()
            };
            Call { id, name: name.to_owned() }
        };
        let item = match kind {
            PartKind::Text => Some(Item::new(Kind::Message)),
            PartKind::Reasoning => Some(Item::new(Kind::Reasoning)),
            PartKind::ToolCall { id, name } if self.freeform.contains(name) => {
                Some(Item::new(Kind::Custom(call(id, name))))
            }
            PartKind::ToolCall { id, name } => Some(Item::new(Kind::Function(call(id, name)))),
            PartKind::Media(media) => {
                let picture = Item::picture(media);
                if picture.is_none() {
                    self.losses.note(media_member(media.kind));
                }
                picture
            }
            PartKind::Opaque(Opaque { dialect: Dialect::OpenAiResponses, json }) => {
                Some(Item::new(Kind::Whole(json.clone())))
            }
            PartKind::Opaque(opaque) => Some(Item::carrier(&Carried::Block(opaque.clone()))),
        };
        self.waiting.extend(item.map(|item| Waiting { part, item, is_complete: false }));
    }

    fn grow(&mut self, part: u32, delta: &Delta) {
        let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.part == part) else {
            return;
        };
        match delta {
            Delta::Text(more) | Delta::Arguments(more) => waiting.item.grow(more),
            Delta::Seal(seal) => waiting.item.seal = Some(seal.clone()),
        }
    }

    /// Tells all that can be told by now.
    fn advance(&mut self, out: &mut Vec<u8>) {
        loop {
            let has_next = self.waiting.len() > 1;
            let Some(waiting) = self.waiting.front_mut() else { break };
            waiting.item.take_logprobs(&mut self.logprobs);
            waiting.item.tell(self.output.len(), &self.envelope.id, &mut self.frames, out);
            let is_over = waiting.is_complete && (has_next || self.finish.is_some());
            if !is_over {
                break;
            }
            let status = self.finish.as_ref().filter(|_| !has_next).and_then(incomplete_reason);
            let status = status.map_or("completed", |_| "incomplete");
            if let Some(Waiting { item, .. }) = self.waiting.pop_front() {
                self.close(item, status, out);
            }
        }
    }

    fn close(&mut self, mut item: Item, status: &str, out: &mut Vec<u8>) {
        let seal = item.take_foreign_seal();
        let is_told = self.push(item, status, out);
        if let Some(seal) = seal {
            let carried = if is_told { Carried::OfPrior(seal) } else { Carried::Alone(seal) };
            self.push(Item::carrier(&carried), status, out);
        }
    }

    /// Tells an item's end; false when there was nothing to tell of it.
    fn push(&mut self, item: Item, status: &str, out: &mut Vec<u8>) -> bool {
        let index = self.output.len();
        let done = item.close(index, &self.envelope.id, status, &mut self.frames, out);
        let is_told = done.is_some();
        self.output.extend(done);
        is_told
    }

    fn stop(&mut self, out: &mut Vec<u8>) {
        self.finish.get_or_insert(FinishReason::Stop);
        for waiting in &mut self.waiting {
            waiting.is_complete = true;
        }
        self.advance(out);
        // Only texts have a place for them.
        if !self.logprobs.is_empty() {
            self.losses.note("logprobs");
        }
        let response = self.whole();
        let is_incomplete = self.finish.as_ref().and_then(incomplete_reason).is_some();
        let kind = if is_incomplete { "response.incomplete" } else { "response.completed" };
        self.frames.write(kind, [json!({ "response": response })], out);
        self.ended = true;
    }

    /// Tells the fault twice: SDKs take notice of an `error` within the event alone, others of the failed answer.
    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        let error = error::error(fault.status(), fault);
        self.frames.write("error", [json!({ "error": error })], out);
        let error = json!({ "code": error::answer_code(fault), "message": fault.public });
        let response = self.envelope.write(State::Failed(&error), &self.output, &self.usage);
        self.frames.write("response.failed", [json!({ "response": response })], out);
        self.ended = true;
    }
}

impl StreamEncoder for Encoder {
    /// Only the first choice is told: there are no others here.
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start { model, .. } => self.start(model.as_ref(), out),
            Event::PartStart { choice: 0, part, kind } => self.open(*part, kind),
            Event::PartDelta { choice: 0, part, delta } => self.grow(*part, delta),
            Event::PartEnd { choice: 0, part } => {
                let ended = self.waiting.iter_mut().find(|waiting| waiting.part == *part);
                if let Some(waiting) = ended {
                    waiting.is_complete = true;
                }
            }
            Event::Logprobs { choice: 0, tokens } => self.logprobs.extend(tokens.iter().cloned()),
            Event::Finish { choice: 0, finish } => self.finish = Some(finish.reason.clone()),
            Event::Usage(usage) => self.usage.update(usage),
            Event::Stop => return self.stop(out),
            Event::Failed(fault) => return self.fail(fault, out),
            Event::PartStart { .. }
            | Event::PartDelta { .. }
            | Event::PartEnd { .. }
            | Event::Logprobs { .. }
            | Event::Finish { .. } => self.losses.note("choices"),
        }
        self.advance(out);
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }

    /// An event of its own: Codex counts as silence what is only a comment.
    fn keep_alive(&self) -> &'static [u8] {
        b"event: ping\ndata: {\"type\":\"ping\"}\n\n"
    }
}
