//! Writes a streamed answer: server-sent events, or the elements of one JSON array.

use std::collections::BTreeMap;

use canonical::{
    Delta, Event, Fault, FinishReason, Losses, PartKind, Seal, TokenLogprob, ToolCall,
};
use serde_json::Value;
use wire::write_sse;

use super::{
    answer::{Frame, candidate, media, opaque, prose, tool_call},
    error,
};
use crate::{Echo, Framing, StreamEncoder, gemini::logprobs};

/// Writes one answer. Calls wait until they are whole, and reasons for the end until the last chunk.
#[derive(Debug)]
pub(super) struct Encoder {
    framing: Framing,
    echo: Echo,
    frame: Frame,
    open: BTreeMap<(u32, u32), Open>,
    /// Why each choice ended, as far as is known.
    choices: BTreeMap<u32, FinishReason>,
    losses: Losses,
    begun: bool,
    ended: bool,
}

/// A part that may grow. A seal waits for the end of its part, since it vouches for what stands before it.
#[derive(Debug)]
enum Open {
    Text(Option<Seal>),
    Reasoning(Option<Seal>),
    Call(ToolCall),
}

impl Encoder {
    /// Starts an answer in the given frames.
    pub(super) fn new(framing: Framing, echo: &Echo) -> Self {
        Self {
            framing,
            echo: echo.clone(),
            frame: Frame::new(None, None, echo),
            open: BTreeMap::new(),
            choices: BTreeMap::new(),
            losses: Losses::default(),
            begun: false,
            ended: false,
        }
    }

    fn open(&mut self, choice: u32, part: u32, kind: &PartKind, out: &mut Vec<u8>) {
        self.choices.entry(choice).or_insert(FinishReason::Stop);
        let open = match kind {
            PartKind::Text => Open::Text(None),
            PartKind::Reasoning => Open::Reasoning(None),
            PartKind::ToolCall { id, name } => Open::Call(ToolCall {
                id: id.clone(),
                name: name.clone(),
                arguments: String::new(),
                seal: None,
            }),
            PartKind::Media(whole) => return self.write_part(choice, media(whole), out),
            PartKind::Opaque(whole) => {
                let written = opaque(whole, &mut self.losses);
                written.into_iter().for_each(|part| self.write_part(choice, part, out));
                return;
            }
        };
        self.open.insert((choice, part), open);
    }

    fn grow(&mut self, choice: u32, part: u32, delta: &Delta, out: &mut Vec<u8>) {
        let Some(open) = self.open.get_mut(&(choice, part)) else { return };
        let piece = match (open, delta) {
            (Open::Text(_), Delta::Text(text)) => prose(text, None, false),
            (Open::Reasoning(_), Delta::Text(text)) => prose(text, None, true),
            (
                Open::Text(seal) | Open::Reasoning(seal) | Open::Call(ToolCall { seal, .. }),
                Delta::Seal(last),
            ) => {
                *seal = Some(last.clone());
                None
            }
            (Open::Call(call), Delta::Arguments(more)) => {
                call.arguments.push_str(more);
                None
            }
            (Open::Text(_) | Open::Reasoning(_), Delta::Arguments(_))
            | (Open::Call(_), Delta::Text(_)) => None,
        };
        if let Some(piece) = piece {
            self.write_part(choice, piece, out);
        }
    }

    fn close(&mut self, choice: u32, part: u32, out: &mut Vec<u8>) {
        let last = match self.open.remove(&(choice, part)) {
            Some(Open::Call(call)) => Some(tool_call(&call, &mut self.losses)),
            Some(Open::Text(seal)) => prose("", seal.as_ref(), false),
            Some(Open::Reasoning(seal)) => prose("", seal.as_ref(), true),
            None => None,
        };
        if let Some(last) = last {
            self.write_part(choice, last, out);
        }
    }

    fn write_part(&mut self, choice: u32, part: Value, out: &mut Vec<u8>) {
        let candidate = candidate(choice, vec![part], None, Value::Null);
        self.write(&self.frame.around(vec![candidate]), out);
    }

    fn write_logprobs(&mut self, choice: u32, tokens: &[TokenLogprob], out: &mut Vec<u8>) {
        self.choices.entry(choice).or_insert(FinishReason::Stop);
        let candidate = candidate(choice, Vec::new(), None, logprobs::encode(tokens));
        self.write(&self.frame.around(vec![candidate]), out);
    }

    /// Writes the last chunk, which says of each choice why it ended.
    fn write_end(&mut self, out: &mut Vec<u8>) {
        self.choices.entry(0).or_insert(FinishReason::Stop);
        let candidates = self
            .choices
            .iter()
            .map(|(choice, reason)| candidate(*choice, Vec::new(), Some(reason), Value::Null));
        let last = self.frame.around(candidates.collect());
        self.write(&last, out);
    }

    fn write(&mut self, chunk: &Value, out: &mut Vec<u8>) {
        let begun = std::mem::replace(&mut self.begun, true);
        write(self.framing, begun, chunk, out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.ended = true;
        if self.framing == Framing::JsonArray {
            out.extend_from_slice(b"]");
        }
    }
}

/// Writes a chunk of a stream that has chunks already, or none.
fn write(framing: Framing, begun: bool, chunk: &Value, out: &mut Vec<u8>) {
    match framing {
        Framing::Sse => write_sse(None, &chunk.to_string(), out),
        Framing::JsonArray | Framing::Ndjson => {
            out.extend_from_slice(if begun { b",\r\n" } else { b"[" });
            out.extend_from_slice(chunk.to_string().as_bytes());
        }
    }
}

/// Writes the end of a stream that the provider left without one.
pub(super) fn broken_off(framing: Framing, fault: &Fault, begun: bool) -> Vec<u8> {
    let mut out = Vec::new();
    write(framing, begun, &error::body(fault.status(), fault), &mut out);
    if framing == Framing::JsonArray {
        out.push(b']');
    }
    out
}

impl StreamEncoder for Encoder {
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start { id, model } => {
                self.frame = Frame::new(id.as_deref(), model.as_deref(), &self.echo);
            }
            Event::PartStart { choice, part, kind } => self.open(*choice, *part, kind, out),
            Event::PartDelta { choice, part, delta } => self.grow(*choice, *part, delta, out),
            Event::PartEnd { choice, part } => self.close(*choice, *part, out),
            Event::Logprobs { choice, tokens } => self.write_logprobs(*choice, tokens, out),
            Event::Finish { choice, finish } => {
                self.choices.insert(*choice, finish.reason.clone());
            }
            Event::Usage(usage) => self.frame.usage.update(usage),
            Event::Stop => {
                self.write_end(out);
                self.end(out);
            }
            Event::Failed(fault) => {
                self.write(&error::body(fault.status(), fault), out);
                self.end(out);
            }
        }
    }

    /// Space, which is allowed between events as it is between elements. Google's SDKs take a comment for the
    /// beginning of an error.
    fn keep_alive(&self) -> &'static [u8] {
        if self.ended { b"" } else { b"\n" }
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }
}
