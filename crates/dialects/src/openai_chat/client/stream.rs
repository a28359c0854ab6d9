//! Writes a streamed answer as `chat.completion.chunk` events, up to `[DONE]`.

use std::collections::HashMap;

use canonical::{Delta, Event, Losses, PartKind, Request, Seal, Usage};
use serde_json::{Value, json};
use wire::write_sse;

use super::{
    answer::{
        WholeCall, call_id, created_s, finish_reason, media_in_answer, note_reason,
        opaque_in_answer, usage,
    },
    error,
    thoughts::{DETAILS, EXTRA_CONTENT, detail, extra_content},
};
use crate::{Echo, StreamEncoder, foreign_seal::of_block, object::object, openai_chat::logprobs};

/// The encoder of one stream.
#[derive(Debug)]
pub(super) struct Encoder {
    id: String,
    echo_id: String,
    created: u64,
    model: String,
    /// Whether the caller asked for the counts, which then come in a chunk of their own.
    tells_usage: bool,
    freeform: Vec<String>,
    usage: Usage,
    choices: HashMap<u32, OpenChoice>,
    parts: HashMap<(u32, u32), OpenPart>,
    calls: usize,
    losses: Losses,
    ended: bool,
}

/// What was written of a choice.
#[derive(Debug, Default)]
struct OpenChoice {
    calls: usize,
    details: usize,
    text_seal: Option<Seal>,
}

/// A part that grows, with what is told of it only at its end. SDKs join the pieces of a text, so a seal is
/// written once.
#[derive(Debug)]
enum OpenPart {
    Text,
    Thought { text: String, seal: Option<Seal> },
    Call { index: usize, has_arguments: bool, seal: Option<Seal> },
    Freeform { index: usize, id: String, name: String, arguments: String, seal: Option<Seal> },
}

impl Encoder {
    pub(super) fn new(request: &Request, echo: &Echo) -> Self {
        let freeform = request.tools.iter().filter(|tool| tool.freeform);
        Self {
            id: format!("chatcmpl-{}", echo.id),
            echo_id: echo.id.clone(),
            created: created_s(echo),
            model: echo.model.clone(),
            tells_usage: request.stream_usage,
            freeform: freeform.map(|tool| tool.name.clone()).collect(),
            usage: Usage::default(),
            choices: HashMap::new(),
            parts: HashMap::new(),
            calls: 0,
            losses: Losses::default(),
            ended: false,
        }
    }

    fn open(&mut self, choice: u32, part: u32, kind: &PartKind, out: &mut Vec<u8>) {
        let open = match kind {
            PartKind::Text => OpenPart::Text,
            PartKind::Reasoning => OpenPart::Thought { text: String::new(), seal: None },
            PartKind::ToolCall { id, name } => {
                let (index, id) = (self.next_call(choice), call_id(id, &self.echo_id, self.calls));
                if self.freeform.contains(name) {
                    let (name, arguments) = (name.clone(), String::new());
                    OpenPart::Freeform { index, id, name, arguments, seal: None }
                } else {
                    let function = json!({ "name": name, "arguments": "" });
                    let call = json!({ "index": index, "id": id, "type": "function", "function": function });
                    self.delta(choice, json!({ "tool_calls": [call] }), out);
                    OpenPart::Call { index, has_arguments: false, seal: None }
                }
            }
            PartKind::Opaque(block) => {
                self.losses.note(opaque_in_answer(block));
                let open = self.choices.entry(choice).or_default();
                let Some(detail) = detail("", Some(&of_block(block)), open.details) else { return };
                open.details += 1;
                return self.delta(choice, json!({ DETAILS: [detail] }), out);
            }
            PartKind::Media(media) => return self.losses.note(media_in_answer(media.kind)),
        };
        self.parts.insert((choice, part), open);
    }

    fn next_call(&mut self, choice: u32) -> usize {
        self.calls += 1;
        let choice = self.choices.entry(choice).or_default();
        choice.calls += 1;
        choice.calls - 1
    }

    fn grow(&mut self, choice: u32, part: u32, delta: &Delta, out: &mut Vec<u8>) {
        if let Delta::Text(more) | Delta::Arguments(more) = delta
            && more.is_empty()
        {
            return;
        }
        let piece = match (self.parts.get_mut(&(choice, part)), delta) {
            (Some(OpenPart::Text), Delta::Text(more)) => json!({ "content": more }),
            (Some(OpenPart::Text), Delta::Seal(new)) => {
                self.choices.entry(choice).or_default().text_seal = Some(new.clone());
                return;
            }
            (Some(OpenPart::Thought { text, .. }), Delta::Text(more)) => {
                text.push_str(more);
                json!({ "reasoning_content": more })
            }
            (Some(OpenPart::Call { index, has_arguments, .. }), Delta::Arguments(more)) => {
                *has_arguments = true;
                json!({ "tool_calls": [{ "index": index, "function": { "arguments": more } }] })
            }
            (Some(OpenPart::Freeform { arguments, .. }), Delta::Arguments(more)) => {
                arguments.push_str(more);
                return;
            }
            (
                Some(
                    OpenPart::Thought { seal, .. }
                    | OpenPart::Call { seal, .. }
                    | OpenPart::Freeform { seal, .. },
                ),
                Delta::Seal(new),
            ) => {
                *seal = Some(new.clone());
                return;
            }
            (Some(_) | None, Delta::Text(_) | Delta::Arguments(_) | Delta::Seal(_)) => return,
        };
        self.delta(choice, piece, out);
    }

    fn close(&mut self, choice: u32, part: u32, out: &mut Vec<u8>) {
        let piece = match self.parts.remove(&(choice, part)) {
            Some(OpenPart::Thought { text, seal }) => {
                let open = self.choices.entry(choice).or_default();
                let Some(detail) = detail(&text, seal.as_ref(), open.details) else { return };
                open.details += 1;
                json!({ DETAILS: [detail] })
            }
            Some(OpenPart::Call { index, has_arguments, seal }) => {
                if has_arguments && seal.is_none() {
                    return;
                }
                // Callers parse the arguments, and nothing at all is no JSON. LangChain and Vercel's AI SDK refuse
                // a piece of a call without the member `function`.
                let function = json!({ "arguments": if has_arguments { "" } else { "{}" } });
                let call = object([
                    ("index", json!(index)),
                    ("function", function),
                    (EXTRA_CONTENT, extra_content(seal.as_ref())),
                ]);
                json!({ "tool_calls": [call] })
            }
            Some(OpenPart::Freeform { index, id, name, arguments, seal }) => {
                let call = WholeCall {
                    id: &id,
                    name: &name,
                    arguments: &arguments,
                    seal: seal.as_ref(),
                    is_freeform: true,
                };
                json!({ "tool_calls": [call.into_json(Some(index))] })
            }
            Some(OpenPart::Text) | None => return,
        };
        self.delta(choice, piece, out);
    }

    /// Writes the chunk that opens a choice, unless it is open.
    fn begin(&mut self, choice: u32, out: &mut Vec<u8>) {
        if let std::collections::hash_map::Entry::Vacant(entry) = self.choices.entry(choice) {
            entry.insert(OpenChoice::default());
            let delta = json!({ "role": "assistant", "content": "", "refusal": null });
            self.delta(choice, delta, out);
        }
    }

    fn delta(&self, choice: u32, delta: Value, out: &mut Vec<u8>) {
        self.choice(choice, delta, Value::Null, None, out);
    }

    fn choice(
        &self,
        index: u32,
        delta: Value,
        logprobs: Value,
        finish: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        let choice = json!({
            "index": index,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": finish,
        });
        self.chunk(json!([choice]), Value::Null, out);
    }

    fn chunk(&self, choices: Value, usage: Value, out: &mut Vec<u8>) {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if self.tells_usage
            && let Some(members) = chunk.as_object_mut()
        {
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
            Event::Logprobs { choice, tokens } => {
                self.begin(*choice, out);
                self.choice(*choice, json!({}), logprobs::write(tokens), None, out);
            }
            Event::Finish { choice, finish } => {
                self.begin(*choice, out);
                let seal = self.choices.get(choice).and_then(|open| open.text_seal.as_ref());
                let delta = match seal {
                    Some(seal) => json!({ EXTRA_CONTENT: extra_content(Some(seal)) }),
                    None => json!({}),
                };
                note_reason(&finish.reason, &mut self.losses);
                let reason = finish_reason(&finish.reason);
                self.choice(*choice, delta, Value::Null, Some(reason), out);
            }
            Event::Usage(newer) => self.usage.update(newer),
            Event::Stop => {
                if self.tells_usage {
                    self.chunk(json!([]), usage(&self.usage), out);
                }
                write_sse(None, "[DONE]", out);
                self.ended = true;
            }
            Event::Failed(fault) => {
                write_sse(None, &error::body(fault.status(), fault).to_string(), out);
                self.ended = true;
            }
        }
    }
    fn losses(&self) -> &Losses {
        &self.losses
    }
}
