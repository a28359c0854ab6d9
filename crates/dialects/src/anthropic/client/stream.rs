//! Writes a streamed answer.

use std::collections::VecDeque;

use canonical::{Event, Fault, Finish, FinishReason, Losses, PartKind, Usage};
use serde_json::{Value, json};

use super::{
    call_id::CallIds,
    error,
    open_part::{OpenPart, Step},
    response::{message, note_reason, stop_reason, usage},
};
use crate::{Echo, StreamEncoder};

/// Writes one stream up to `message_stop` or `error`.
pub(super) struct Encoder {
    echo: Echo,
    ids: CallIds,
    started: bool,
    ended: bool,
    /// The number of the next content block.
    next_block: u64,
    /// Parts that have not been told in full. Only the first is being told, since blocks don't interleave.
    parts: VecDeque<OpenPart>,
    finish: Option<Finish>,
    usage: Usage,
    losses: Losses,
}

impl Encoder {
    pub(super) fn new(echo: &Echo) -> Self {
        Self {
            echo: echo.clone(),
            ids: CallIds::new(&echo.id),
            started: false,
            ended: false,
            next_block: 0,
            parts: VecDeque::new(),
            finish: None,
            usage: Usage::default(),
            losses: Losses::default(),
        }
    }

    fn start(&mut self, model: Option<&str>, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.started, true) {
            let message = message(model, &self.echo, Vec::new(), None, &self.usage);
            write(out, "message_start", &json!({"type": "message_start", "message": message}));
        }
    }

    fn open(&mut self, number: u32, kind: &PartKind, out: &mut Vec<u8>) {
        self.parts.push_back(OpenPart::new(number, kind.clone()));
        self.tell(out);
    }

    fn with_part(&mut self, number: u32, out: &mut Vec<u8>, change: impl FnOnce(&mut OpenPart)) {
        // A number may come again once its part is whole.
        if let Some(part) = self.parts.iter_mut().rfind(|part| part.number == number) {
            change(part);
            self.tell(out);
        }
    }

    /// Tells the first part as far as it came, and then those behind it if it is whole.
    fn tell(&mut self, out: &mut Vec<u8>) {
        while let Some(part) = self.parts.front_mut() {
            let steps = part.tell(&mut self.ids, &mut self.losses);
            let is_whole = part.is_whole;
            for step in steps {
                self.step(step, out);
            }
            if !is_whole {
                break;
            }
            self.parts.pop_front();
        }
    }

    fn step(&mut self, step: Step, out: &mut Vec<u8>) {
        let index = self.next_block;
        match step {
            Step::Open(block) => {
                let kind = "content_block_start";
                write(out, kind, &json!({"type": kind, "index": index, "content_block": block}));
            }
            Step::Grow(delta) => {
                let kind = "content_block_delta";
                write(out, kind, &json!({"type": kind, "index": index, "delta": delta}));
            }
            Step::Close => {
                let kind = "content_block_stop";
                write(out, kind, &json!({"type": kind, "index": index}));
                self.next_block += 1;
            }
        }
    }

    fn stop(&mut self, out: &mut Vec<u8>) {
        self.start(None, out);
        self.parts.iter_mut().for_each(|part| part.is_whole = true);
        self.tell(out);
        let finish = self.finish.take().unwrap_or_else(|| FinishReason::Stop.into());
        let reason = stop_reason(&finish);
        let delta = json!({"stop_reason": reason, "stop_sequence": finish.stop_sequence});
        let usage = usage(&self.usage);
        write(
            out,
            "message_delta",
            &json!({"type": "message_delta", "delta": delta, "usage": usage}),
        );
        write(out, "message_stop", &json!({"type": "message_stop"}));
        self.ended = true;
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        write(out, "error", &error::event(error::status(fault), fault));
        self.ended = true;
    }
}

impl StreamEncoder for Encoder {
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start { id: _, model } => self.start(model.as_deref(), out),
            Event::PartStart { choice: 0, part, kind } => self.open(*part, kind, out),
            Event::PartDelta { choice: 0, part, delta } => {
                self.with_part(*part, out, |part| part.take(delta));
            }
            Event::PartEnd { choice: 0, part } => {
                self.with_part(*part, out, |part| part.is_whole = true);
            }
            Event::Finish { choice: 0, finish } => {
                note_reason(finish, &mut self.losses);
                self.finish = Some(finish.clone());
            }
            Event::Usage(usage) => self.usage.update(usage),
            Event::Stop => self.stop(out),
            Event::Failed(fault) => self.fail(fault, out),
            Event::Logprobs { choice: 0, .. } => self.losses.note("logprobs"),
            // The dialect has one answer.
            Event::PartStart { .. }
            | Event::PartDelta { .. }
            | Event::PartEnd { .. }
            | Event::Finish { .. }
            | Event::Logprobs { .. } => self.losses.note("n"),
        }
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }

    fn keep_alive(&self) -> &'static [u8] {
        b"event: ping\ndata: {\"type\": \"ping\"}\n\n"
    }
}

/// Appends one frame. Without its name, callers take no notice of an event.
fn write(out: &mut Vec<u8>, name: &str, data: &Value) {
    out.extend_from_slice(format!("event: {name}\ndata: {data}\n\n").as_bytes());
}
