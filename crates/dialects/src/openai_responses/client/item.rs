//! One item of an answer as it grows, and the events that tell of it.

use canonical::{Media, MediaSource, Seal, TokenLogprob};
use serde_json::{Value, json};

use super::{
    frames::Frames,
    seal::{Carried, pack},
};
use crate::{
    freeform::input_of,
    object::object,
    openai_responses::{logprobs, namespace},
};

/// What an item is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Visible text.
    Message,
    /// Thoughts.
    Reasoning,
    /// The call of a function.
    Function(Call),
    /// The call of a tool that takes free text.
    Custom(Call),
    /// What comes whole.
    Whole(Value),
}

/// Which call, of which tool.
#[derive(Debug)]
pub(super) struct Call {
    /// What ties the call to its result.
    pub(super) id: String,
    /// The tool's name.
    pub(super) name: String,
}

/// An item that grows. It is told of once there is something to tell.
#[derive(Debug)]
pub(super) struct Item {
    kind: Kind,
    /// Its place in the answer and its id, once it was told of.
    named: Option<(usize, String)>,
    text: String,
    told_bytes: usize,
    logprobs: Vec<TokenLogprob>,
    told_logprobs: usize,
    /// The mark of the provider on it.
    pub(super) seal: Option<Seal>,
}

impl Item {
    pub(super) fn new(kind: Kind) -> Self {
        let (text, logprobs) = (String::new(), Vec::new());
        Self { kind, named: None, text, told_bytes: 0, logprobs, told_logprobs: 0, seal: None }
    }

    /// Makes the item that holds a picture; other media have no place in an answer.
    pub(super) fn picture(media: &Media) -> Option<Self> {
        let MediaSource::Base64(data) = &media.source else { return None };
        let format = media.mime.as_deref()?.strip_prefix("image/")?;
        Some(Self::new(Kind::Whole(
            json!({ "type": "image_generation_call", "status": "completed",
            "result": data, "output_format": format }),
        )))
    }

    /// Makes the item that holds nothing but what it carries for another dialect.
    pub(super) fn carrier(carried: &Carried) -> Self {
        let sealed = pack(carried);
        Self::new(Kind::Whole(
            json!({ "type": "reasoning", "summary": [], "encrypted_content": sealed }),
        ))
    }

    /// Takes more of its text or arguments.
    pub(super) fn grow(&mut self, more: &str) {
        self.text.push_str(more);
    }

    /// Takes how likely its next tokens were, if it is told of its tokens at all.
    pub(super) fn take_logprobs(&mut self, tokens: &mut Vec<TokenLogprob>) {
        match self.kind {
            Kind::Message => self.logprobs.append(tokens),
            Kind::Reasoning | Kind::Function(_) | Kind::Custom(_) | Kind::Whole(_) => {}
        }
    }

    /// Takes the seal out of an item that has no place for one.
    pub(super) fn take_foreign_seal(&mut self) -> Option<Seal> {
        match self.kind {
            Kind::Reasoning => None,
            Kind::Message | Kind::Function(_) | Kind::Custom(_) | Kind::Whole(_) => {
                self.seal.take()
            }
        }
    }

    /// Tells what is new. `index` and `id` are those of the item, if this is the first that is told of it.
    pub(super) fn tell(&mut self, index: usize, id: &str, frames: &mut Frames, out: &mut Vec<u8>) {
        let is_due = match self.kind {
            Kind::Message | Kind::Reasoning => !self.text.is_empty(),
            Kind::Function(_) | Kind::Custom(_) => true,
            Kind::Whole(_) => false,
        };
        if !is_due {
            return;
        }
        let (index, id) = self.begin(index, id, frames, out);
        let more = self.text.get(self.told_bytes..).unwrap_or_default().to_owned();
        if more.is_empty() {
            return;
        }
        let place = json!({ "item_id": id, "output_index": index });
        match self.kind {
            Kind::Message => {
                let tokens = self.logprobs.get(self.told_logprobs..).unwrap_or_default();
                let tokens = logprobs::write(tokens);
                self.told_logprobs = self.logprobs.len();
                let said = json!({ "content_index": 0, "delta": more, "logprobs": tokens });
                frames.write("response.output_text.delta", [place, said], out);
            }
            Kind::Reasoning => {
                let said = json!({ "summary_index": 0, "delta": more });
                frames.write("response.reasoning_summary_text.delta", [place, said], out);
            }
            Kind::Function(_) => {
                let said = json!({ "delta": more });
                frames.write("response.function_call_arguments.delta", [place, said], out);
            }
            // The text is within the arguments, which are not JSON before they are complete.
            Kind::Custom(_) | Kind::Whole(_) => return,
        }
        self.told_bytes = self.text.len();
    }

    /// Tells the rest and the end, and returns the complete item; `None` where there is nothing to tell at all.
    pub(super) fn close(
        mut self,
        index: usize,
        id: &str,
        status: &str,
        frames: &mut Frames,
        out: &mut Vec<u8>,
    ) -> Option<Value> {
        match self.kind {
            Kind::Function(_) if self.text.trim().is_empty() => self.grow("{}"),
            Kind::Function(_)
            | Kind::Custom(_)
            | Kind::Message
            | Kind::Reasoning
            | Kind::Whole(_) => {}
        }
        self.tell(index, id, frames, out);
        let is_empty = match self.kind {
            Kind::Message => self.text.is_empty(),
            Kind::Reasoning => self.text.is_empty() && self.seal.is_none(),
            Kind::Function(_) | Kind::Custom(_) | Kind::Whole(_) => false,
        };
        if is_empty {
            return None;
        }
        let (index, id) = self.begin(index, id, frames, out);
        let place = || json!({ "item_id": id, "output_index": index });
        let item = self.json(&id, status, &self.text);
        match self.kind {
            Kind::Message => {
                let tokens = logprobs::write(&self.logprobs);
                let said = json!({ "content_index": 0, "text": self.text, "logprobs": tokens });
                frames.write("response.output_text.done", [place(), said], out);
                let part = json!({ "content_index": 0, "part": self.output_text(&self.text) });
                frames.write("response.content_part.done", [place(), part], out);
            }
            Kind::Reasoning if !self.text.is_empty() => {
                let said = json!({ "summary_index": 0, "text": self.text });
                frames.write("response.reasoning_summary_text.done", [place(), said], out);
                let part = json!({ "summary_index": 0, "part": summary(&self.text) });
                frames.write("response.reasoning_summary_part.done", [place(), part], out);
            }
            Kind::Function(ref call) => {
                let name = namespace::split(&call.name).1;
                let said = json!({ "name": name, "arguments": self.text });
                frames.write("response.function_call_arguments.done", [place(), said], out);
            }
            Kind::Custom(_) => {
                let input = input_of(&self.text);
                let said = json!({ "delta": input });
                frames.write("response.custom_tool_call_input.delta", [place(), said], out);
                let said = json!({ "input": input });
                frames.write("response.custom_tool_call_input.done", [place(), said], out);
            }
            Kind::Reasoning | Kind::Whole(_) => {}
        }
        let end = json!({ "output_index": index, "item": item });
        frames.write("response.output_item.done", [end], out);
        Some(item)
    }

    /// Tells of the item, unless it was told of; returns its place and id.
    fn begin(
        &mut self,
        index: usize,
        id: &str,
        frames: &mut Frames,
        out: &mut Vec<u8>,
    ) -> (usize, String) {
        if let Some(named) = &self.named {
            return named.clone();
        }
        let id = format!("{}_{id}_{index}", self.prefix());
        self.named = Some((index, id.clone()));
        let item = json!({ "output_index": index, "item": self.json(&id, "in_progress", "") });
        frames.write("response.output_item.added", [item], out);
        let place = json!({ "item_id": id, "output_index": index });
        match self.kind {
            Kind::Message => {
                let part =
                    json!({ "type": "output_text", "text": "", "annotations": [], "logprobs": [] });
                let part = json!({ "content_index": 0, "part": part });
                frames.write("response.content_part.added", [place, part], out);
            }
            Kind::Reasoning if !self.text.is_empty() => {
                let part = json!({ "summary_index": 0, "part": summary("") });
                frames.write("response.reasoning_summary_part.added", [place, part], out);
            }
            Kind::Reasoning | Kind::Function(_) | Kind::Custom(_) | Kind::Whole(_) => {}
        }
        (index, id)
    }

    fn prefix(&self) -> &'static str {
        match &self.kind {
            Kind::Message => "msg",
            Kind::Reasoning => "rs",
            Kind::Function(_) => "fc",
            Kind::Custom(_) => "ctc",
            Kind::Whole(item) if item.get("type").is_some_and(|kind| kind == "reasoning") => "rs",
            Kind::Whole(_) => "ig",
        }
    }

    /// Writes the item with as much as `text` of its text.
    fn json(&self, id: &str, status: &str, text: &str) -> Value {
        let is_begun = status == "in_progress";
        let named = |kind: &str, call: &Call| {
            let (namespace, name) = namespace::split(&call.name);
            let namespace = json!(namespace);
            [
                ("id", json!(id)),
                ("type", json!(kind)),
                ("status", json!(status)),
                ("call_id", json!(call.id)),
                ("namespace", namespace),
                ("name", json!(name)),
            ]
        };
        match &self.kind {
            Kind::Message => {
                let content = if is_begun { json!([]) } else { json!([self.output_text(text)]) };
                json!({ "id": id, "type": "message", "status": status, "role": "assistant",
                    "content": content })
            }
            Kind::Reasoning => {
                let summary = if text.is_empty() { json!([]) } else { json!([summary(text)]) };
                let seal = self.seal.clone().filter(|_| !is_begun);
                let sealed = seal.map(|seal| pack(&Carried::OfThoughts(seal)));
                object([
                    ("id", json!(id)),
                    ("type", json!("reasoning")),
                    ("summary", summary),
                    ("encrypted_content", json!(sealed)),
                ])
            }
            Kind::Function(call) => with(object(named("function_call", call)), "arguments", text),
            Kind::Custom(call) => {
                let input = if is_begun { String::new() } else { input_of(text) };
                with(object(named("custom_tool_call", call)), "input", &input)
            }
            Kind::Whole(item) => with(item.clone(), "id", id),
        }
    }

    fn output_text(&self, text: &str) -> Value {
        let tokens = logprobs::write(&self.logprobs);
        json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": tokens })
    }
}

fn summary(text: &str) -> Value {
    json!({ "type": "summary_text", "text": text })
}

fn with(mut item: Value, name: &str, text: &str) -> Value {
    if let Some(members) = item.as_object_mut() {
        members.insert(name.to_owned(), text.into());
    }
    item
}
